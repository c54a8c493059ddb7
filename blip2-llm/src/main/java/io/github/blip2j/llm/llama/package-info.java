/** LLaMA and decoders of its kind (Touvron et al. 2023): Vicuna, Mistral, Qwen2. */
@NullMarked
package io.github.blip2j.llm.llama;

import org.jspecify.annotations.NullMarked;
