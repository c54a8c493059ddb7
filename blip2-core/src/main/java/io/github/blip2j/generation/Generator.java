package io.github.blip2j.generation;

import io.github.blip2j.generation.logits.EndTokens;
import io.github.blip2j.generation.logits.LogitsProcessor;
import io.github.blip2j.generation.logits.TokenHistory;
import io.github.blip2j.text.Tokenizer;
import java.util.ArrayList;
import java.util.List;

/**
 * Generates token sequences with any {@link DecodingSession}: greedily, by sampling, or with beams.
 * Immutable, so one serves many threads.
 *
 * <pre>{@code
 * List<List<Sequence>> captions =
 *     Generator.of(GenerationConfig.beams(5).numReturnSequences(3), 50118)
 *         .generate(model, prompts);
 * }</pre>
 *
 * <p>The prompts of a batch do not influence each other: every one gets the sequences that it would
 * get alone, sampled ones included. So equal prompts sample equal tokens; for several samples of
 * one prompt, use {@link GenerationConfig#numReturnSequences}.
 */
public final class Generator {
  private final GenerationConfig decoding;
  private final EndTokens ends;
  private final List<LogitsProcessor> processors;
  private final List<StoppingCriterion> criteria;
  private final boolean tokenized; // whether the criteria hold those of the stop strings
  private final TokenStreamer listener;

  private Generator(
      GenerationConfig decoding,
      EndTokens ends,
      List<LogitsProcessor> processors,
      List<StoppingCriterion> criteria,
      boolean tokenized,
      TokenStreamer listener) {
    this.decoding = decoding;
    this.ends = ends;
    this.processors = processors;
    this.criteria = criteria;
    this.tokenized = tokenized;
    this.listener = listener;
  }

  /**
   * A generator.
   *
   * @param endTokens ids that end a sequence; without any, each runs to the length limit
   */
  public static Generator of(GenerationConfig decoding, int... endTokens) {
    return new Generator(
        decoding, new EndTokens(endTokens), List.of(), List.of(), false, (row, token) -> {});
  }

  /**
   * This generator with one more processor, which runs after the penalties and bans of {@link
   * GenerationConfig} and before temperature, top-k and top-p.
   */
  public Generator with(LogitsProcessor processor) {
    return new Generator(decoding, ends, and(processors, processor), criteria, tokenized, listener);
  }

  /** This generator with sequences that this criterion ends too. */
  public Generator stoppingWhen(StoppingCriterion criterion) {
    return new Generator(decoding, ends, processors, and(criteria, criterion), tokenized, listener);
  }

  /** This generator with the tokenizer that {@link GenerationConfig#stopStrings} need. */
  public Generator withTokenizer(Tokenizer tokenizer) {
    if (decoding.stopStrings().isEmpty()) {
      return this;
    }
    StoppingCriterion strings = StopStrings.of(decoding.stopStrings()).criterion(tokenizer);
    return new Generator(decoding, ends, processors, and(criteria, strings), true, listener);
  }

  private static <T> List<T> and(List<T> some, T one) {
    var more = new ArrayList<>(some);
    more.add(one);
    return List.copyOf(more);
  }

  /** This generator with this listener for its tokens, in the place of any other. */
  public Generator onToken(TokenStreamer newListener) {
    return new Generator(decoding, ends, processors, criteria, tokenized, newListener);
  }

  /**
   * Continues every prompt.
   *
   * @param model a decoding session of these prompts that has not been started
   * @param prompts the ids of each prompt for the processors, without padding; empty if a model has
   *     embeddings only
   * @return for each prompt its sequences, {@link GenerationConfig#numReturnSequences} of them and
   *     the best first; fewer where beam search finds no more that are possible
   * @throws IllegalArgumentException if there is no prompt, an end token is no token, or there are
   *     stop strings and no tokenizer
   * @throws IllegalStateException if the model's scores are NaN, too many or too few, or if bans
   *     leave no token possible
   * @throws java.util.concurrent.CancellationException if a {@link
   *     io.github.blip2j.nn.CancellationToken} that this thread has entered is cancelled
   */
  public List<List<Sequence>> generate(DecodingSession model, List<int[]> prompts) {
    if (prompts.isEmpty()) {
      throw new IllegalArgumentException("generate: prompts expected at least 1, got 0");
    }
    if (!decoding.stopStrings().isEmpty() && !tokenized) {
      throw new IllegalArgumentException(
          "generate: a tokenizer expected for stopStrings, got none; use Generator.withTokenizer");
    }
    ends.requireWithin(model.vocabSize());
    var histories = new ArrayList<TokenHistory>();
    for (int[] prompt : prompts) {
      histories.add(TokenHistory.ofPrompt(histories.size(), prompt));
    }
    var rules =
        new GenerationRules(
            decoding, ends, criteria, new LogitsProcessorList(decoding, ends, processors));
    var rows = new ModelRows(model, prompts.size());
    return decoding.numBeams() > 1
        ? new BeamDecoder(rules, rows, listener).decode(histories)
        : new AncestralDecoder(rules, rows, listener).decode(histories);
  }
}
