/**
 * Kernels on oneDNN, found by the service loader: fused operations on packed weights.
 *
 * <p>Internal: these classes may change in any version.
 */
@NullMarked
package io.github.blip2j.onednn;

import org.jspecify.annotations.NullMarked;
