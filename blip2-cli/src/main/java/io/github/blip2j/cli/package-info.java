/** The {@code blip2} command. */
@NullMarked
package io.github.blip2j.cli;

import org.jspecify.annotations.NullMarked;
