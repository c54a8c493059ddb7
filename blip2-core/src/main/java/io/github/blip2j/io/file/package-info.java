/** Bounded reading and atomic writing of whole files, JSON, and leftovers of killed runs. */
@NullMarked
package io.github.blip2j.io.file;

import org.jspecify.annotations.NullMarked;
