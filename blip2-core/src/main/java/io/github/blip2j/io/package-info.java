/**
 * Checkpoint files: safetensors, folders of shards, and how a module reads its parameters from
 * them.
 */
@NullMarked
package io.github.blip2j.io;

import org.jspecify.annotations.NullMarked;
