/** The querying transformer: a BERT that reads learned queries, text, or both, and the image. */
@NullMarked
package io.github.blip2j.qformer;

import org.jspecify.annotations.NullMarked;
