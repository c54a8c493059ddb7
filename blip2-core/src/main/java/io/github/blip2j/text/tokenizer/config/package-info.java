/** The parts of a {@code tokenizer.json} as JSON. Internal. */
@NullMarked
package io.github.blip2j.text.tokenizer.config;

import org.jspecify.annotations.NullMarked;
