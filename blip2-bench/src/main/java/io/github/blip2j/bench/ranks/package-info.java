/** Measurements of several processes together. */
@NullMarked
package io.github.blip2j.bench.ranks;

import org.jspecify.annotations.NullMarked;
