package io.github.blip2j.generation;

import io.github.blip2j.generation.logits.TokenHistory;
import io.github.blip2j.generation.logits.TopCandidates;
import java.util.List;

/**
 * The part of a beam search that depends on {@link BeamRules}: the scores of candidates, which of
 * them finish, and the end of the search. Holds the finished sequences.
 */
interface BeamScorer {
  /**
   * Turns the log-probabilities of the token after a beam into scores of its extensions, in place.
   */
  void score(Beam beam, float[] logProbabilities);

  /** Orders sampled candidates; those of a search without sampling are ordered already. */
  void rank(TopCandidates drawn);

  /** Whether a candidate that ends in {@code token} leaves the beams. */
  boolean ends(int token, int newTokens);

  /** Adds a finished candidate. */
  void add(TokenHistory history, float score);

  /**
   * Whether the search ends after a step.
   *
   * @param best score of the best candidate of this step
   * @param running the beams after it
   */
  boolean isOver(float best, List<Beam> running);

  /** The best finished sequences, at most {@code count}. */
  List<Hypothesis> first(int count);
}
