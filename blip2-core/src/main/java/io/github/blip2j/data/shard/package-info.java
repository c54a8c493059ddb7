/** Data sets in tar files, as WebDataset has them. */
@NullMarked
package io.github.blip2j.data.shard;

import org.jspecify.annotations.NullMarked;
