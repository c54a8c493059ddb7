package io.github.blip2j.blip2.text;

import io.github.blip2j.generation.Sequence;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;

/**
 * A generated text.
 *
 * @param text the new text, without the prompt and without special tokens
 * @param textWithPrompt prompt and new text, joined as the tokenizer joins them
 * @param tokenIds the new tokens, the end token included if there is one
 * @param score from beam search the length-penalised sum of log-probabilities, otherwise their mean
 * @param ended whether the model ended it; if not, the length limit did
 * @param logProbabilities of each token, natural logarithm
 */
public record Generated(
    String text,
    String textWithPrompt,
    List<Integer> tokenIds,
    double score,
    boolean ended,
    List<Double> logProbabilities) {

  /** Keeps the lists from changing. */
  public Generated {
    tokenIds = List.copyOf(tokenIds);
    logProbabilities = List.copyOf(logProbabilities);
  }

  /** The text of a decoded sequence. */
  public static Generated of(Sequence written, String text, String textWithPrompt) {
    List<Double> logProbabilities = new ArrayList<>();
    for (float log : written.logProbabilities()) {
      logProbabilities.add((double) log);
    }
    return new Generated(
        text,
        textWithPrompt,
        Arrays.stream(written.tokens()).boxed().toList(),
        written.score(),
        written.ended(),
        logProbabilities);
  }

  /** These tokens with another text, such as {@link #textWithPrompt}. */
  public Generated withText(String newText) {
    return new Generated(newText, textWithPrompt, tokenIds, score, ended, logProbabilities);
  }
}
