/** Kernels on oneDNN, found by the service loader: fused operations on packed weights. */
@NullMarked
package io.github.blip2j.onednn;

import org.jspecify.annotations.NullMarked;
