/** Tests of the benchmarks. */
@NullMarked
package io.github.blip2j.bench;

import org.jspecify.annotations.NullMarked;
