/** Decoding: turns a model's scores for the next token into token sequences. */
@NullMarked
package io.github.blip2j.generation;

import org.jspecify.annotations.NullMarked;
