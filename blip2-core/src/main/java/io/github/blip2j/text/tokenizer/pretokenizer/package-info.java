/** The {@code pre_tokenizer} of a tokenizer: normalised text to pieces. Internal. */
@NullMarked
package io.github.blip2j.text.tokenizer.pretokenizer;

import org.jspecify.annotations.NullMarked;
