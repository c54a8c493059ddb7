/**
 * Regular expressions of tokenizer files in Oniguruma's syntax, with a budget of steps. Internal.
 */
@NullMarked
package io.github.blip2j.text.tokenizer.pattern;

import org.jspecify.annotations.NullMarked;
