/** The commands about the machine: bench and doctor. Internal. */
@NullMarked
package io.github.blip2j.cli.machine;

import org.jspecify.annotations.NullMarked;
