/**
 * Several processes that train one model: operations that all of them take part in, on the memory
 * of tensors. The processes are ranks 0 to size - 1; each computes on its own part of a batch.
 */
@NullMarked
package io.github.blip2j.distributed;

import org.jspecify.annotations.NullMarked;
