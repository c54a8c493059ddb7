/** Common parts of all tensor files: entries, types, statistics, and writing tensor by tensor. */
@NullMarked
package io.github.blip2j.io.tensor;

import org.jspecify.annotations.NullMarked;
