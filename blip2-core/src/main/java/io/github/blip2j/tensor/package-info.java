/** Tensors, their memory, and the kernels that compute on them. */
@NullMarked
package io.github.blip2j.tensor;

import org.jspecify.annotations.NullMarked;
