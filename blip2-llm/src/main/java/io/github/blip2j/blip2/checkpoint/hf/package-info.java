/** Hugging Face's spelling of BLIP-2: tensor names and configuration files. Internal. */
@NullMarked
package io.github.blip2j.blip2.checkpoint.hf;

import org.jspecify.annotations.NullMarked;
