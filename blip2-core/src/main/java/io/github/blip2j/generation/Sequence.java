package io.github.blip2j.generation;

import io.github.blip2j.generation.logits.TokenHistory;
import io.github.blip2j.generation.logits.TokenLogProbability;
import java.util.Arrays;
import java.util.List;

/**
 * Generated tokens with their log-probabilities. Immutable.
 *
 * <p>The prompt is not part of it, and neither is padding: a row of Hugging Face's {@code generate}
 * is the prompt, then {@link #tokens}, then padding up to the longest row.
 */
public final class Sequence {
  private final int[] tokens;
  private final float[] logProbabilities;
  private final float score;
  private final List<List<TokenLogProbability>> likeliest;
  private final boolean ended;
  private final boolean stopped;

  Sequence(TokenHistory history, float score, boolean ended, boolean stopped) {
    this.tokens = history.newIds();
    this.logProbabilities = history.logProbabilities();
    this.likeliest = history.likeliest();
    this.score = score;
    this.ended = ended;
    this.stopped = stopped;
  }

  /** The new tokens in a fresh array, with the end token as the last if {@link #ended}. */
  public int[] tokens() {
    return tokens.clone();
  }

  /** The new tokens in a fresh array, without the end token. */
  public int[] tokensBeforeEnd() {
    return Arrays.copyOf(tokens, ended ? tokens.length - 1 : tokens.length);
  }

  /**
   * Whether the last token is an end token; if not, a {@link StoppingCriterion} or the length limit
   * cut the sequence.
   */
  public boolean ended() {
    return ended;
  }

  /** Whether a {@link StoppingCriterion} ended it, such as stop strings. */
  public boolean stopped() {
    return stopped;
  }

  /**
   * The score of the sequence. From beam search, the sum of the processed log-probabilities divided
   * by {@code length^lengthPenalty} ({@code sequences_scores} in Hugging Face); otherwise, the mean
   * of {@link #logProbabilities}.
   */
  public float score() {
    return score;
  }

  /**
   * The natural logarithm of each token's probability in a fresh array, by the model: before
   * penalties, bans and temperature.
   */
  public float[] logProbabilities() {
    return logProbabilities.clone();
  }

  /**
   * The likeliest tokens at the place of each token by the model, {@link
   * GenerationConfig#topLogProbabilities} of them and the likeliest first; impossible ones are left
   * out.
   */
  public List<List<TokenLogProbability>> topLogProbabilities() {
    return likeliest;
  }

  /** As in {@code [68, 350, 2] score=-0.25}. */
  @Override
  public String toString() {
    return Arrays.toString(tokens) + " score=" + score;
  }
}
