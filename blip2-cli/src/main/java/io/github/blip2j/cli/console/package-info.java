/** The terminal: what is printed, how errors are reported, progress, logging. Internal. */
@NullMarked
package io.github.blip2j.cli.console;

import org.jspecify.annotations.NullMarked;
