/** Data sets to evaluate on, in the formats of the benchmarks and of LAVIS, and result files. */
@NullMarked
package io.github.blip2j.evaluation.data;

import org.jspecify.annotations.NullMarked;
