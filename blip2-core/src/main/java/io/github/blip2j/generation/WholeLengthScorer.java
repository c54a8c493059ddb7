package io.github.blip2j.generation;

import io.github.blip2j.generation.logits.TokenHistory;
import io.github.blip2j.generation.logits.TopCandidates;
import java.util.ArrayList;
import java.util.List;

/**
 * The rules of {@link BeamRules#TRANSFORMERS_4_33}, in float64 where Python uses it.
 *
 * <p>The reference divides the sum of a sequence by the number of its ids without the end, but with
 * those that it started from: the one {@code </s>} that stands for embeddings in OPT, the start of
 * T5, or a prompt of ids. The bound on running beams is divided by the length with its last token.
 * Both are followed here; a row that started without ids counts as started from one id, as there.
 * Sampled scores stay divided by the temperature, token after token.
 *
 * <p><b>Differs from HF:</b> a sequence ends in the end token that was generated; the reference
 * always writes the first of several end tokens.
 */
final class WholeLengthScorer implements BeamScorer {
  private final GenerationRules rules;
  private final GenerationConfig decoding;
  private final List<Finished> finished = new ArrayList<>(); // in the order of their completion

  private record Finished(TokenHistory history, double score) {}

  WholeLengthScorer(GenerationRules rules) {
    this.rules = rules;
    this.decoding = rules.decoding();
  }

  @Override
  public void score(Beam beam, float[] logProbabilities) {
    rules.processors().penalize(beam.history(), logProbabilities);
    for (int token = 0; token < logProbabilities.length; token++) {
      logProbabilities[token] += beam.score();
    }
    rules.processors().warp(beam.history(), logProbabilities);
  }

  @Override
  public void rank(TopCandidates drawn) {
    drawn.sortByValue();
  }

  @Override
  public boolean ends(int token, int newTokens) {
    return rules.ends().contains(token);
  }

  @Override
  public void add(TokenHistory history, float score) {
    boolean ended = rules.ends().contains(history.last()); // not so after a stop string
    add(history, ended ? length(history) - 1 : length(history), score);
  }

  private void add(TokenHistory history, int length, float score) {
    finished.add(new Finished(history, score / Math.pow(length, decoding.lengthPenalty())));
    if (finished.size() > decoding.numBeams()) {
      finished.remove(worst());
    }
  }

  private static int length(TokenHistory history) {
    return Math.max(1, history.length() - history.newTokens()) + history.newTokens();
  }

  /** The index of the worst; of equal scores the first. */
  private int worst() {
    int worst = 0;
    for (int i = 1; i < finished.size(); i++) {
      if (finished.get(i).score < finished.get(worst).score) {
        worst = i;
      }
    }
    return worst;
  }

  @Override
  public boolean isOver(float best, List<Beam> running) {
    if (running.isEmpty()) {
      return true;
    }
    TokenHistory history = running.get(0).history();
    if (isDone(best, history)) {
      return true;
    }
    boolean last = history.newTokens() == decoding.maxNewTokens();
    if (last) {
      running.forEach(beam -> add(beam.history(), length(beam.history()), beam.score()));
    }
    return last;
  }

  private boolean isDone(float best, TokenHistory running) {
    if (finished.size() < decoding.numBeams()) {
      return false;
    }
    if (decoding.earlyStopping() == EarlyStopping.WHEN_FULL) {
      return true;
    }
    boolean farthest =
        decoding.earlyStopping() == EarlyStopping.NEVER && decoding.lengthPenalty() > 0;
    int more = farthest ? decoding.maxNewTokens() - running.newTokens() : 0;
    int length = length(running) + more;
    return finished.get(worst()).score >= best / Math.pow(length, decoding.lengthPenalty());
  }

  /**
   * The best sequences; of equal scores the last is the best, as Python takes them from the end of
   * a sorted list.
   */
  @Override
  public List<Hypothesis> first(int count) {
    List<Finished> rest = new ArrayList<>(finished);
    List<Hypothesis> best = new ArrayList<>();
    while (best.size() < count && !rest.isEmpty()) {
      int top = 0;
      for (int i = 1; i < rest.size(); i++) {
        if (rest.get(i).score >= rest.get(top).score) {
          top = i;
        }
      }
      Finished next = rest.remove(top);
      best.add(new Hypothesis(next.history, (float) next.score));
    }
    return List.copyOf(best);
  }
}
