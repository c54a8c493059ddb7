/** What every file of tensors has in common: entries, types, sums, and writing entry by entry. */
@NullMarked
package io.github.blip2j.io.tensor;

import org.jspecify.annotations.NullMarked;
