package io.github.blip2j.generation.logits;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;

/** The ids of one row so far: the prompt, then the new tokens. Immutable. */
public final class TokenHistory {
  private final int prompt;
  private final int promptLength;
  private final int[] ids;
  private final float[] logProbabilities; // of the new tokens
  private final List<List<TokenLogProbability>> likeliest; // at the places of the new tokens

  private TokenHistory(
      int prompt,
      int promptLength,
      int[] ids,
      float[] logProbabilities,
      List<List<TokenLogProbability>> likeliest) {
    this.prompt = prompt;
    this.promptLength = promptLength;
    this.ids = ids;
    this.logProbabilities = logProbabilities;
    this.likeliest = likeliest;
  }

  public static TokenHistory ofPrompt(int prompt, int[] ids) {
    return new TokenHistory(prompt, ids.length, ids.clone(), new float[0], List.of());
  }

  /** This history and one more token with its log-probability by the model. */
  public TokenHistory append(int token, float logProbability) {
    return append(token, logProbability, List.of());
  }

  /**
   * This history and one more token.
   *
   * @param logProbability of the token, by the model
   * @param top the likeliest tokens at its place; empty if they are not wanted, for all tokens
   *     alike
   */
  public TokenHistory append(int token, float logProbability, List<TokenLogProbability> top) {
    int[] longer = Arrays.copyOf(ids, ids.length + 1);
    longer[ids.length] = token;
    int n = logProbabilities.length;
    float[] more = Arrays.copyOf(logProbabilities, n + 1);
    more[n] = logProbability;
    return new TokenHistory(prompt, promptLength, longer, more, and(top));
  }

  private List<List<TokenLogProbability>> and(List<TokenLogProbability> top) {
    if (top.isEmpty() && likeliest.isEmpty()) {
      return likeliest;
    }
    var longer = new ArrayList<>(likeliest);
    longer.add(top);
    return List.copyOf(longer);
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

  /** The log-probability of the last token by the model. */
  public float lastLogProbability() {
    return logProbabilities[logProbabilities.length - 1];
  }

  /** The likeliest tokens at the place of each new token; empty if they are not wanted. */
  public List<List<TokenLogProbability>> likeliest() {
    return likeliest;
  }

  public float meanLogProbability() {
    double sum = 0;
    for (float logProbability : logProbabilities) {
      sum += logProbability;
    }
    return (float) (sum / logProbabilities.length);
  }
}
