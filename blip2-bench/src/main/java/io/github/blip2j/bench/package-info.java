/** Benchmarks, and models of full size to run them on. */
@NullMarked
package io.github.blip2j.bench;

import org.jspecify.annotations.NullMarked;
