package io.github.blip2j.generation;

import io.github.blip2j.generation.logits.TokenHistory;
import io.github.blip2j.generation.logits.TokenLogProbability;
import java.util.List;

/**
 * A token that was decided, with what the model thought at its place.
 *
 * @param id its id
 * @param logProbability the natural logarithm of its probability by the model
 * @param likeliest the likeliest tokens at its place, {@link GenerationConfig#topLogProbabilities}
 *     of them and the likeliest first
 */
public record GeneratedToken(int id, float logProbability, List<TokenLogProbability> likeliest) {
  /** Keeps the list from changing. */
  public GeneratedToken {
    likeliest = List.copyOf(likeliest);
  }

  static GeneratedToken last(TokenHistory history) {
    List<List<TokenLogProbability>> all = history.likeliest();
    return new GeneratedToken(
        history.last(),
        history.lastLogProbability(),
        all.isEmpty() ? List.of() : all.get(all.size() - 1));
  }

  static GeneratedToken of(Sequence sequence, int place) {
    List<List<TokenLogProbability>> all = sequence.topLogProbabilities();
    return new GeneratedToken(
        sequence.tokens()[place],
        sequence.logProbabilities()[place],
        all.isEmpty() ? List.of() : all.get(place));
  }
}
