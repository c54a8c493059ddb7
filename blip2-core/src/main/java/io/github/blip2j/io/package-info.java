/** Checkpoint files: safetensors, PyTorch's pickles, and folders of shards of either. */
@NullMarked
package io.github.blip2j.io;

import org.jspecify.annotations.NullMarked;
