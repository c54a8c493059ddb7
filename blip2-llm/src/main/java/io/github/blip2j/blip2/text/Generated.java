package io.github.blip2j.blip2.text;

import io.github.blip2j.generation.Sequence;
import io.github.blip2j.generation.StopStrings;
import io.github.blip2j.generation.logits.TokenLogProbability;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;

/**
 * A generated text.
 *
 * @param text the new text, without the prompt and without special tokens, up to a stop string
 * @param textWithPrompt prompt and new text, joined as the tokenizer joins them
 * @param tokenIds the new tokens, the end token and those of a stop string included
 * @param score from beam search the length-penalised sum of log-probabilities, otherwise their mean
 * @param ended whether the model or a stop string ended it; if not, the length limit did
 * @param logProbabilities of each token, natural logarithm
 * @param topLogProbabilities the likeliest tokens at the place of each token; empty unless {@link
 *     io.github.blip2j.generation.GenerationConfig#topLogProbabilities} asks for them
 */
public record Generated(
    String text,
    String textWithPrompt,
    List<Integer> tokenIds,
    double score,
    boolean ended,
    List<Double> logProbabilities,
    List<List<TokenLogProbability>> topLogProbabilities) {

  /** Keeps the lists from changing. */
  public Generated {
    tokenIds = List.copyOf(tokenIds);
    logProbabilities = List.copyOf(logProbabilities);
    topLogProbabilities = topLogProbabilities.stream().map(List::copyOf).toList();
  }

  /**
   * The text of a decoded sequence.
   *
   * @param stops strings that end the text
   * @param decoded the text of the new tokens
   * @param whole the text of prompt and new tokens
   */
  public static Generated of(Sequence written, StopStrings stops, String decoded, String whole) {
    String text = stops.cut(decoded);
    int at = stops.find(decoded.stripLeading());
    int behind = at < 0 ? 0 : decoded.stripLeading().length() - at;
    String all = whole.substring(0, Math.max(0, whole.length() - behind));
    List<Double> logProbabilities = new ArrayList<>();
    for (float log : written.logProbabilities()) {
      logProbabilities.add((double) log);
    }
    return new Generated(
        text,
        at < 0 ? all.strip() : all.stripLeading(),
        Arrays.stream(written.tokens()).boxed().toList(),
        written.score(),
        written.ended() || written.stopped() || at >= 0,
        logProbabilities,
        written.topLogProbabilities());
  }

  /** These tokens with another text, such as {@link #textWithPrompt}. */
  public Generated withText(String newText) {
    return new Generated(
        newText, textWithPrompt, tokenIds, score, ended, logProbabilities, topLogProbabilities);
  }
}
