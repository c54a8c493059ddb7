/** JMH benchmarks of single kernels. */
@NullMarked
package io.github.blip2j.bench.kernels;

import org.jspecify.annotations.NullMarked;
