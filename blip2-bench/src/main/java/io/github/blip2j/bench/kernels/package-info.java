/** Micro-benchmarks of single kernels, for JMH to run. */
@NullMarked
package io.github.blip2j.bench.kernels;

import org.jspecify.annotations.NullMarked;
