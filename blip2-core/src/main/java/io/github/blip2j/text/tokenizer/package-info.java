/**
 * The parts of a {@code tokenizer.json}, as Hugging Face's tokenizers library names them: added
 * tokens, normalizer, pre-tokenizer, model, post-processor, decoder.
 *
 * <p>Internal: these classes may change in any version.
 */
@NullMarked
package io.github.blip2j.text.tokenizer;

import org.jspecify.annotations.NullMarked;
