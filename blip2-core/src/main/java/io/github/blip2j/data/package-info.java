/** Data sets as listed in files. */
@NullMarked
package io.github.blip2j.data;

import org.jspecify.annotations.NullMarked;
