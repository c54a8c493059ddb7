/**
 * The querying transformer: a BERT over learned queries, text, or both, with cross-attention to the
 * image.
 */
@NullMarked
package io.github.blip2j.qformer;

import org.jspecify.annotations.NullMarked;
