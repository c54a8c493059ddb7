/** The training commands. Internal. */
@NullMarked
package io.github.blip2j.cli.training;

import org.jspecify.annotations.NullMarked;
