/** Logits processors, and samplers of the next token. */
@NullMarked
package io.github.blip2j.generation.logits;

import org.jspecify.annotations.NullMarked;
