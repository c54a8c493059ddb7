package io.github.blip2j.generation;

import io.github.blip2j.generation.logits.EndTokens;
import io.github.blip2j.generation.logits.LogitsProcessor;
import io.github.blip2j.generation.logits.MinNewTokens;
import io.github.blip2j.generation.logits.NoRepeatNgram;
import io.github.blip2j.generation.logits.RepetitionPenalty;
import io.github.blip2j.generation.logits.Temperature;
import io.github.blip2j.generation.logits.TokenHistory;
import io.github.blip2j.generation.logits.TopK;
import io.github.blip2j.generation.logits.TopP;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;

/**
 * The processors of a configuration, in the order of Hugging Face's {@code generate}: repetition
 * penalty, n-grams, shortest length, the caller's own, and for sampling temperature, top-k and
 * top-p.
 */
public final class LogitsProcessorList implements LogitsProcessor {
  private final List<LogitsProcessor> processors;
  private final List<LogitsProcessor> warpers;

  public LogitsProcessorList(GenerationConfig decoding, EndTokens ends, List<LogitsProcessor> own) {
    var chain = new ArrayList<LogitsProcessor>();
    if (decoding.repetitionPenalty() != 1) {
      chain.add(new RepetitionPenalty((float) decoding.repetitionPenalty()));
    }
    if (decoding.noRepeatNgramSize() > 0) {
      chain.add(new NoRepeatNgram(decoding.noRepeatNgramSize()));
    }
    if (decoding.minNewTokens() > 0) {
      chain.add(new MinNewTokens(decoding.minNewTokens(), ends));
    }
    for (LogitsProcessor processor : own) {
      chain.add(new RefuseNan(processor));
    }
    processors = List.copyOf(chain);
    warpers = decoding.sampled() ? warpers(decoding, ends) : List.of();
  }

  private static List<LogitsProcessor> warpers(GenerationConfig decoding, EndTokens ends) {
    var chain = new ArrayList<LogitsProcessor>();
    // Beams need tokens to continue with when every end token is sampled.
    int least = decoding.numBeams() > 1 ? ends.count() + 1 : 1;
    if (decoding.temperature() != 1) {
      chain.add(new Temperature((float) decoding.temperature()));
    }
    if (decoding.topK() > 0) {
      chain.add(new TopK(Math.max(decoding.topK(), least)));
    }
    if (decoding.topP() < 1) {
      chain.add(new TopP(decoding.topP(), least));
    }
    return List.copyOf(chain);
  }

  @Override
  public void process(TokenHistory history, float[] scores) {
    penalize(history, scores);
    warp(history, scores);
  }

  /** Applies temperature, top-k and top-p; nothing without sampling. */
  void warp(TokenHistory history, float[] scores) {
    for (LogitsProcessor warper : warpers) {
      warper.process(history, scores);
    }
  }

  /** Applies all other processors. */
  void penalize(TokenHistory history, float[] scores) {
    for (LogitsProcessor processor : processors) {
      processor.process(history, scores);
    }
  }

  /** The caller's processor, followed by a check for NaN whose message names it. */
  private record RefuseNan(LogitsProcessor processor) implements LogitsProcessor {
    @Override
    public void process(TokenHistory history, float[] scores) {
      processor.process(history, scores);
      for (int i = 0; i < scores.length; i++) {
        if (Float.isNaN(scores[i]) || scores[i] == Float.POSITIVE_INFINITY) {
          throw new IllegalStateException(
              String.format(
                  Locale.ROOT,
                  "%s: score of token %d expected a number or -Infinity, got %s"
                      + " for prompt %d at step %d",
                  processor.getClass().getName(),
                  i,
                  scores[i],
                  history.prompt(),
                  history.newTokens()));
        }
      }
    }
  }
}
