package io.github.blip2j.generation;

import io.github.blip2j.generation.logits.TokenHistory;

/**
 * Ends sequences besides end tokens and the length limit ({@code StoppingCriteria} in
 * transformers).
 *
 * <p>It is asked after every token of a sequence, of some more than once, so its answer must depend
 * on the tokens alone. In a beam search, it is asked of candidates that rank among the first, and
 * one that it ends is finished as by an end token.
 */
@FunctionalInterface
public interface StoppingCriterion {
  /** Whether the sequence ends with its last token, which stays a part of it. */
  boolean isDone(TokenHistory history);
}
