/**
 * Linear maps in int8: weights rounded per row when loaded, activations rounded per row on the way.
 * Internal.
 */
@NullMarked
package io.github.blip2j.onednn.int8;

import org.jspecify.annotations.NullMarked;
