/** The {@code normalizer} of a tokenizer: text to normalised text. Internal. */
@NullMarked
package io.github.blip2j.text.tokenizer.normalizer;

import org.jspecify.annotations.NullMarked;
