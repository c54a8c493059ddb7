package io.github.blip2j.generation.logits;

import java.util.Arrays;

/** The ids of one row so far: the prompt, then the new tokens. Immutable. */
public final class TokenHistory {
  private final int prompt;
  private final int promptLength;
  private final int[] ids;
  private final float[] logProbabilities; // of the new tokens

  private TokenHistory(int prompt, int promptLength, int[] ids, float[] logProbabilities) {
    this.prompt = prompt;
    this.promptLength = promptLength;
    this.ids = ids;
    this.logProbabilities = logProbabilities;
  }

  public static TokenHistory ofPrompt(int prompt, int[] ids) {
    return new TokenHistory(prompt, ids.length, ids.clone(), new float[0]);
  }

  /** This history and one more token with its log-probability by the model. */
  public TokenHistory append(int token, float logProbability) {
    int[] longer = Arrays.copyOf(ids, ids.length + 1);
    longer[ids.length] = token;
    int n = logProbabilities.length;
    float[] more = Arrays.copyOf(logProbabilities, n + 1);
    more[n] = logProbability;
    return new TokenHistory(prompt, promptLength, longer, more);
  }

  /** The index of the prompt in the batch. */
  public int prompt() {
    return prompt;
  }

  /** Number of ids, prompt included. */
  public int length() {
    return ids.length;
  }

  /** Number of ids after the prompt. */
  public int newTokens() {
    return ids.length - promptLength;
  }

  /**
   * The id at a position, from 0.
   *
   * @throws ArrayIndexOutOfBoundsException if there is none
   */
  public int id(int position) {
    return ids[position];
  }

  /** A fresh array of all ids. */
  public int[] toArray() {
    return ids.clone();
  }

  public int last() {
    return ids[ids.length - 1];
  }

  public int[] newIds() {
    return Arrays.copyOfRange(ids, promptLength, ids.length);
  }

  public float[] logProbabilities() {
    return logProbabilities.clone();
  }

  public float meanLogProbability() {
    double sum = 0;
    for (float logProbability : logProbabilities) {
      sum += logProbability;
    }
    return (float) (sum / logProbabilities.length);
  }
}
