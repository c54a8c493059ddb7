/** Data sets as files list them. */
@NullMarked
package io.github.blip2j.data;

import org.jspecify.annotations.NullMarked;
