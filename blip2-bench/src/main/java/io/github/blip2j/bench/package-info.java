/** Benchmarks, and generated models of full size for them. */
@NullMarked
package io.github.blip2j.bench;

import org.jspecify.annotations.NullMarked;
