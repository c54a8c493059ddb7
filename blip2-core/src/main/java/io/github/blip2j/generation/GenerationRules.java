package io.github.blip2j.generation;

import io.github.blip2j.generation.logits.EndTokens;
import io.github.blip2j.generation.logits.LogSoftmax;
import io.github.blip2j.generation.logits.TokenHistory;
import java.util.List;
import java.util.Locale;
import java.util.SplittableRandom;

/** The settings and random sources that all rows of one generation share. */
record GenerationRules(
    GenerationConfig decoding,
    EndTokens ends,
    List<StoppingCriterion> criteria,
    LogitsProcessorList processors) {

  boolean isLast(TokenHistory history) {
    return ends.contains(history.last())
        || history.newTokens() == decoding.maxNewTokens()
        || isStopped(history);
  }

  /** Whether a criterion ends the sequence here. */
  boolean isStopped(TokenHistory history) {
    return !criteria.isEmpty()
        && criteria.stream().anyMatch(criterion -> criterion.isDone(history));
  }

  Sequence sequence(TokenHistory history, float score) {
    boolean ended = ends.contains(history.last());
    return new Sequence(history, score, ended, !ended && isStopped(history));
  }

  /** The history and one more token, with what is reported of it. */
  TokenHistory extended(TokenHistory history, int token, LogSoftmax normalizer, float[] logits) {
    int most = decoding.topLogProbabilities();
    return history.append(
        token,
        normalizer.logProbability(logits[token]),
        most == 0 ? List.of() : normalizer.likeliest(logits, most));
  }

  /** The random source of each returned sequence; the same for every prompt of a batch. */
  SplittableRandom[] randoms() {
    var seeds = new SplittableRandom(decoding.seed());
    var randoms = new SplittableRandom[decoding.numReturnSequences()];
    for (int i = 0; i < randoms.length; i++) {
      randoms[i] = seeds.split();
    }
    return randoms;
  }

  IllegalStateException nothingPossible(TokenHistory history) {
    return new IllegalStateException(
        String.format(
            Locale.ROOT,
            "generate: prompt %d at step %d expected a possible token, got -Infinity for all;"
                + " relax minNewTokens, noRepeatNgramSize or the processors",
            history.prompt(),
            history.newTokens()));
  }
}
