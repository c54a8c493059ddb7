/**
 * Linear maps in int8: weights quantized per row at load, activations quantized per row in each
 * call. Internal.
 */
@NullMarked
package io.github.blip2j.onednn.int8;

import org.jspecify.annotations.NullMarked;
