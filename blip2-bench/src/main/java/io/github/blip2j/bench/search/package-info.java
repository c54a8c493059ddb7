/** Measurements of search over made vectors. */
@NullMarked
package io.github.blip2j.bench.search;

import org.jspecify.annotations.NullMarked;
