/** The {@code decoder} of a tokenizer: tokens back to text. Internal. */
@NullMarked
package io.github.blip2j.text.tokenizer.decoder;

import org.jspecify.annotations.NullMarked;
