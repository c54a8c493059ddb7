/** Load on a running server. */
@NullMarked
package io.github.blip2j.bench.serving;

import org.jspecify.annotations.NullMarked;
