/** Rules that hold for the sources of every module. */
@NullMarked
package io.github.blip2j.architecture;

import org.jspecify.annotations.NullMarked;
