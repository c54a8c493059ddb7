package io.github.blip2j.generation;

import java.util.ArrayList;
import java.util.List;
import java.util.Locale;

/**
 * The processors that some settings ask for, in the order of Hugging Face's {@code generate}:
 * repetition penalty, n-grams, shortest length, the caller's own, and for sampling temperature,
 * top-k and top-p.
 */
final class ProcessorChain implements ScoreProcessor {
  private final List<ScoreProcessor> processors;
  private final List<ScoreProcessor> warpers;

  ProcessorChain(Decoding decoding, EndTokens ends, List<ScoreProcessor> own) {
    var chain = new ArrayList<ScoreProcessor>();
    if (decoding.repetitionPenalty() != 1) {
      chain.add(new RepetitionPenalty((float) decoding.repetitionPenalty()));
    }
    if (decoding.noRepeatNgramSize() > 0) {
      chain.add(new NoRepeatNgram(decoding.noRepeatNgramSize()));
    }
    if (decoding.minNewTokens() > 0) {
      chain.add(new MinNewTokens(decoding.minNewTokens(), ends));
    }
    for (ScoreProcessor processor : own) {
      chain.add(new RefuseNan(processor));
    }
    processors = List.copyOf(chain);
    warpers = decoding.sampled() ? warpers(decoding, ends) : List.of();
  }

  private static List<ScoreProcessor> warpers(Decoding decoding, EndTokens ends) {
    var chain = new ArrayList<ScoreProcessor>();
    // Beams need something to go on with when every end token is drawn.
    int least = decoding.beams() > 1 ? ends.count() + 1 : 1;
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

  /** Temperature, top-k and top-p alone; nothing without sampling. */
  void warp(TokenHistory history, float[] scores) {
    for (ScoreProcessor warper : warpers) {
      warper.process(history, scores);
    }
  }

  /** All the others. */
  void penalize(TokenHistory history, float[] scores) {
    for (ScoreProcessor processor : processors) {
      processor.process(history, scores);
    }
  }

  /** The caller's processor, and a check that names it while it can still be told from the rest. */
  private record RefuseNan(ScoreProcessor processor) implements ScoreProcessor {
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
