/** Unicode properties, graphemes and UTF-8 as tokenizers use them. Internal. */
@NullMarked
package io.github.blip2j.text.tokenizer.unicode;

import org.jspecify.annotations.NullMarked;
