package io.github.blip2j.backend;

import io.github.blip2j.tensor.types.Activation;
import org.jspecify.annotations.Nullable;

/**
 * One of several linear maps that {@link Kernels#linears} applies to the same input, {@code f(x W^T
 * + b)}.
 *
 * @param weight [N, K], dense or packed
 * @param bias [N], dense
 */
public record Affine(RawTensor weight, @Nullable RawTensor bias, Activation activation) {}
