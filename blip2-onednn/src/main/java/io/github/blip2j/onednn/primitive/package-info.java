/** oneDNN's primitives: layouts, caches, threads, and kernels of a single primitive. Internal. */
@NullMarked
package io.github.blip2j.onednn.primitive;

import org.jspecify.annotations.NullMarked;
