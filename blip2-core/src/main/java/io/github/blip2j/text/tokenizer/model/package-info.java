/**
 * The {@code model} of a tokenizer, BPE, Unigram, WordPiece or WordLevel: pieces to token ids.
 * Internal.
 */
@NullMarked
package io.github.blip2j.text.tokenizer.model;

import org.jspecify.annotations.NullMarked;
