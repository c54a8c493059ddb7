/**
 * Weights in the files of other frameworks: the initial values of an ONNX graph, and the bundle of
 * variables of TensorFlow. Float32 alone is read.
 */
@NullMarked
package io.github.blip2j.io.foreign;

import org.jspecify.annotations.NullMarked;
