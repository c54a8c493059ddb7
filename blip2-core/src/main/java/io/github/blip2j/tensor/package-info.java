/** Tensors, scopes and differentiable operations. */
@NullMarked
package io.github.blip2j.tensor;

import org.jspecify.annotations.NullMarked;
