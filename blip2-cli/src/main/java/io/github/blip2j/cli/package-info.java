/** The {@code blip2} command: captions, answers and a look at the machine, from a shell. */
@NullMarked
package io.github.blip2j.cli;

import org.jspecify.annotations.NullMarked;
