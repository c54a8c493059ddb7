/** Search over photos by a graph of neighbours in Lucene, beside the index that it is made of. */
@NullMarked
package io.github.blip2j.lucene;

import org.jspecify.annotations.NullMarked;
