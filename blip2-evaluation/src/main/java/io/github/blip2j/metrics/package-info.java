/** Metrics of generated texts, as the references compute them. */
@NullMarked
package io.github.blip2j.metrics;

import org.jspecify.annotations.NullMarked;
