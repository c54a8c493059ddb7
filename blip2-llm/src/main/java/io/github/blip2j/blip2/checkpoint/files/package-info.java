/**
 * What checkpoints of both libraries have in common: folders, wrappers, tokenizer files, tensor
 * copies. Internal.
 */
@NullMarked
package io.github.blip2j.blip2.checkpoint.files;

import org.jspecify.annotations.NullMarked;
