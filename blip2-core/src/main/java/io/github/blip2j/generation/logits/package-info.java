/**
 * Logits processors and sampling: what happens to the scores of the next token before one is
 * chosen.
 */
@NullMarked
package io.github.blip2j.generation.logits;

import org.jspecify.annotations.NullMarked;
