/**
 * Two-step retrieval: comparison of all pairs, then matching of the best candidates (section 4.4).
 */
@NullMarked
package io.github.blip2j.qformer.retrieval;

import org.jspecify.annotations.NullMarked;
