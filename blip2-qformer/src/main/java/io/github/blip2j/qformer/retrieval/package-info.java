/** Two-step retrieval: the many by comparison, the few best of them by matching (section 4.4). */
@NullMarked
package io.github.blip2j.qformer.retrieval;

import org.jspecify.annotations.NullMarked;
