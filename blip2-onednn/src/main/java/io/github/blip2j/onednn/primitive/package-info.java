/**
 * oneDNN's primitives: layouts, caches, threads, and the kernels of one primitive each. Internal.
 */
@NullMarked
package io.github.blip2j.onednn.primitive;

import org.jspecify.annotations.NullMarked;
