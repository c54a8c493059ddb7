/** Kernels on oneDNN, found by the service loader: fused, on packed weights, in reused memory. */
@NullMarked
package io.github.blip2j.onednn;

import org.jspecify.annotations.NullMarked;
