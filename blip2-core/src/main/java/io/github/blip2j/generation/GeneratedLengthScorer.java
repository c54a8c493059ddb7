package io.github.blip2j.generation;

import io.github.blip2j.generation.logits.TokenHistory;
import io.github.blip2j.generation.logits.TopCandidates;
import java.util.List;

/** The rules of {@link BeamRules#TRANSFORMERS_5}; {@link BeamSearch} explains them. */
final class GeneratedLengthScorer implements BeamScorer {
  private final GenerationRules rules;
  private final GenerationConfig decoding;
  private final Hypotheses finished;

  GeneratedLengthScorer(GenerationRules rules) {
    this.rules = rules;
    this.decoding = rules.decoding();
    this.finished = new Hypotheses(decoding.numBeams());
  }

  @Override
  public void score(Beam beam, float[] logProbabilities) {
    rules.processors().process(beam.history(), logProbabilities);
    for (int token = 0; token < logProbabilities.length; token++) {
      logProbabilities[token] += beam.score();
    }
  }

  /** Ranks, which decide whether a candidate may finish, are those of sampling. */
  @Override
  public void rank(TopCandidates drawn) {}

  @Override
  public boolean ends(int token, int newTokens) {
    return rules.ends().contains(token) || newTokens == decoding.maxNewTokens();
  }

  @Override
  public void add(TokenHistory history, float score) {
    finished.add(new Hypothesis(history, score / divisor(history.newTokens())));
  }

  @Override
  public boolean isOver(float best, List<Beam> running) {
    if (running.isEmpty()) {
      return true;
    }
    return finished.isFull()
        && (decoding.earlyStopping() == EarlyStopping.WHEN_FULL || !canImprove(running.get(0)));
  }

  private boolean canImprove(Beam best) {
    boolean farthest =
        decoding.earlyStopping() == EarlyStopping.NEVER && decoding.lengthPenalty() > 0;
    int length = farthest ? decoding.maxNewTokens() : best.history().newTokens();
    return best.score() / divisor(length) > finished.worstScore();
  }

  private float divisor(int newTokens) {
    return (float) Math.pow(newTokens, decoding.lengthPenalty());
  }

  @Override
  public List<Hypothesis> first(int count) {
    return finished.first(count);
  }
}
