/**
 * The parts that checkpoints of both libraries share: the interface of their readers, open weights,
 * tokenizer files, tensor copies. Internal.
 */
@NullMarked
package io.github.blip2j.blip2.checkpoint.files;

import org.jspecify.annotations.NullMarked;
