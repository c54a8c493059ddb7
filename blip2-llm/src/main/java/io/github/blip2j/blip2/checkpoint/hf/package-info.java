/**
 * Hugging Face's BLIP-2: the readers of its folders, tensor names, configuration files. Internal.
 */
@NullMarked
package io.github.blip2j.blip2.checkpoint.hf;

import org.jspecify.annotations.NullMarked;
