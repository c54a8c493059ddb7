package io.github.blip2j.server.work;

import io.github.blip2j.blip2.text.Generated;
import io.github.blip2j.generation.GeneratedToken;
import io.github.blip2j.generation.logits.TokenLogProbability;
import io.github.blip2j.text.Tokenizer;
import java.util.ArrayList;
import java.util.List;

/**
 * A token as text.
 *
 * @param text special tokens are spelled out; the replacement character stands for a part of a
 *     character
 * @param logProbability the natural logarithm of its probability by the model
 * @param likeliest the likeliest tokens at its place, if they were asked for
 */
public record Spelled(String text, double logProbability, List<Spelled> likeliest) {

  static Spelled of(GeneratedToken token, Tokenizer tokenizer) {
    return of(token.id(), token.logProbability(), token.likeliest(), tokenizer);
  }

  /** All tokens of a text. */
  static List<Spelled> of(Generated text, Tokenizer tokenizer) {
    List<List<TokenLogProbability>> likeliest = text.topLogProbabilities();
    List<Spelled> tokens = new ArrayList<>();
    for (int t = 0; t < text.tokenIds().size(); t++) {
      tokens.add(
          of(
              text.tokenIds().get(t),
              text.logProbabilities().get(t),
              likeliest.isEmpty() ? List.of() : likeliest.get(t),
              tokenizer));
    }
    return tokens;
  }

  private static Spelled of(
      int id, double logProbability, List<TokenLogProbability> likeliest, Tokenizer tokenizer) {
    List<Spelled> others =
        likeliest.stream()
            .map(other -> of(other.token(), other.logProbability(), List.of(), tokenizer))
            .toList();
    return new Spelled(tokenizer.decodeAll(new int[] {id}), logProbability, others);
  }
}
