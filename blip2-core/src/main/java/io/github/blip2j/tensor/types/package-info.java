/**
 * The plain values that describe tensors: shape, element type, storage precision, activation,
 * dropout.
 */
@NullMarked
package io.github.blip2j.tensor.types;

import org.jspecify.annotations.NullMarked;
