package io.github.blip2j.generation;

import io.github.blip2j.generation.logits.Exp;
import io.github.blip2j.generation.logits.LogSoftmax;
import io.github.blip2j.generation.logits.TokenHistory;
import io.github.blip2j.generation.logits.TopCandidates;
import java.util.ArrayList;
import java.util.List;
import java.util.random.RandomGenerator;
import org.jspecify.annotations.Nullable;

/**
 * Beam search over the continuations of one prompt.
 *
 * <p><b>The search.</b> Of all sequences written so far it keeps the {@code K} most probable, the
 * beams, extends each by every token, and keeps the best {@code K} of these {@code K·V} candidates.
 * A candidate that ends leaves the beams and competes among finished sequences, by its summed
 * log-probability divided by {@code length^lengthPenalty}. Without the division a longer sequence
 * could never win, since every token costs. Wu et al. [1] divide by {@code ((5 + length) / 6)^α};
 * the plain power is what Hugging Face's {@code generate} computes and what this class follows,
 * step by step and in float32, so that near-ties fall the same way.
 *
 * <p><b>Ending.</b> Two questions are asked of a candidate that ends. Is it good enough? It must
 * rank among the first {@code K}, or it would displace a sequence that the beams would not have
 * kept either; below that it is dropped, neither finished nor running. And do the beams survive it?
 * All {@code K} of them may end with each of {@code n} end tokens, hence {@code max(2, 1 + n)·K}
 * candidates are ranked, which always leaves {@code K} to run on. At the length limit every
 * candidate counts as ending. One that a {@link StoppingCriterion} ends is treated alike; if that
 * leaves fewer than {@code K} beams, the search goes on with these.
 *
 * <p><b>Stopping.</b> With {@code K} finished sequences the search may stop, see {@link
 * EarlyStopping}. A running beam's sum only falls as it grows, so "the best beam, divided as if it
 * ended" bounds what can still come for length penalties up to zero. Above zero the division can
 * raise the quotient and the bound is a heuristic; {@link EarlyStopping#NEVER} then divides by the
 * longest length. Stopping is decided for each prompt by itself, which makes a batch equal to its
 * prompts one by one. The reference runs a batch on as a whole, and freezes a prompt's finished
 * sequences by the same rules.
 *
 * <p><b>Drawing.</b> With sampling, the ranked candidates are drawn instead, without replacement
 * and with the probabilities of their scores: adding independent Gumbel noise to every score and
 * taking the largest sums is such a draw, in order [2]. Scores stay free of noise. Ranks, and so
 * the right to finish, go by the draw; the beams go by score. Top-k [3], the nucleus [4] and the
 * repetition penalty [5] have acted on each beam's log-probabilities before.
 *
 * <p>All this is {@link BeamRules#TRANSFORMERS_5}; {@link WholeLengthScorer} has what was otherwise
 * before.
 *
 * <p><b>Differs from HF:</b> there, {@code K} beams exist from the start, all but one with a score
 * of -1e9 as "not there", and so do {@code K} finished slots. Here, what is not there is absent:
 * the first step scores one row, and a search with fewer than {@code K} possible sequences returns
 * these instead of made-up ones. Nothing else depends on it unless scores reach -1e9.
 *
 * <p>References: [1] Wu et al. 2016, <i>Google's neural machine translation system</i>, section 7.
 * [2] Vieira 2014, <i>Gumbel-max trick and weighted reservoir sampling</i>; Kool et al. 2019,
 * <i>Stochastic beams and where to find them</i>, section 2. [3] Fan et al. 2018, <i>Hierarchical
 * neural story generation</i>, section 5. [4] Holtzman et al. 2020, <i>The curious case of neural
 * text degeneration</i>, section 3.1. [5] Keskar et al. 2019, <i>CTRL</i>, section 4.1.
 */
final class BeamSearch {
  private final GenerationRules rules;
  private final Workspace workspace;
  private final @Nullable RandomGenerator random;
  private final BeamScorer scorer;
  private List<Beam> running;
  private int firstRow; // the row of running.get(0) in the model's last call
  private int length; // new tokens of every running beam
  private boolean over;

  BeamSearch(GenerationRules rules, Workspace workspace, TokenHistory prompt) {
    this.rules = rules;
    this.workspace = workspace;
    this.random = rules.decoding().sampled() ? rules.randoms()[0] : null;
    this.scorer = rules.decoding().beamRules().scorer(rules);
    this.running = List.of(new Beam(prompt, 0, prompt.prompt()));
    this.firstRow = prompt.prompt();
  }

  /** Buffers of one step, shared by the searches of a batch in turn. */
  static final class Workspace {
    final float[] scores; // [V], of the extensions of one beam
    final TopCandidates ranked;
    final TopCandidates continuing;

    Workspace(GenerationRules rules, int vocabSize) {
      int K = rules.decoding().numBeams();
      scores = new float[vocabSize];
      ranked = new TopCandidates(Math.max(2, 1 + rules.ends().count()) * K);
      continuing = new TopCandidates(K);
    }
  }

  /** The beams to extend, each by the last token of its history. */
  List<Beam> running() {
    return running;
  }

  /** Sets the first row of the running beams in the logits of the next step. */
  void rowsFrom(int row) {
    firstRow = row;
  }

  boolean isOver() {
    return over;
  }

  List<Sequence> sequences() {
    return scorer.first(rules.decoding().numReturnSequences()).stream()
        .map(hypothesis -> rules.sequence(hypothesis.history(), hypothesis.score()))
        .toList();
  }

  /**
   * Extends the beams by one token.
   *
   * @param logits {@code [R][V]} of the whole batch
   */
  void step(float[][] logits) {
    TokenHistory before = running.get(0).history();
    List<LogSoftmax> normalizers = rankCandidates(logits);
    TopCandidates ranked = workspace.ranked;
    TopCandidates continuing = workspace.continuing;
    continuing.clear();
    int K = rules.decoding().numBeams();
    float best = Float.NEGATIVE_INFINITY;
    for (int rank = 0; rank < ranked.size(); rank++) {
      float score = ranked.value(rank);
      best = Math.max(best, score);
      if (!ends(rank, logits, normalizers)) {
        continuing.offer(score, rank, score);
      } else if (rank < K) {
        scorer.add(extended(rank, logits, normalizers), score);
      }
    }
    running = continued(continuing, logits, normalizers);
    length++;
    over = scorer.isOver(best, running);
    if (over && scorer.first(1).isEmpty()) {
      throw rules.nothingPossible(before);
    }
  }

  private boolean ends(int rank, float[][] logits, List<LogSoftmax> normalizers) {
    return scorer.ends(token(rank), length + 1)
        || (!rules.criteria().isEmpty() && rules.isStopped(extended(rank, logits, normalizers)));
  }

  private List<Beam> continued(
      TopCandidates continuing, float[][] logits, List<LogSoftmax> normalizers) {
    continuing.sort();
    var next = new ArrayList<Beam>();
    for (int i = 0; i < continuing.size(); i++) {
      int rank = (int) continuing.place(i);
      TokenHistory history = extended(rank, logits, normalizers);
      next.add(new Beam(history, continuing.value(i), firstRow + parent(rank)));
    }
    return next;
  }

  /** Ranks the extensions of all beams, and returns the normaliser of each beam's logits. */
  private List<LogSoftmax> rankCandidates(float[][] logits) {
    workspace.ranked.clear();
    var normalizers = new ArrayList<LogSoftmax>();
    for (int i = 0; i < running.size(); i++) {
      Beam beam = running.get(i);
      float[] row = logits[firstRow + i];
      var normalizer = LogSoftmax.of(row, beam.history().prompt(), length);
      float[] scores = workspace.scores;
      for (int token = 0; token < scores.length; token++) {
        scores[token] = normalizer.logProbability(row[token]);
      }
      scorer.score(beam, scores);
      offerExtensions(i);
      normalizers.add(normalizer);
    }
    workspace.ranked.sort();
    if (random != null) {
      scorer.rank(workspace.ranked);
    }
    return normalizers;
  }

  private void offerExtensions(int beam) {
    float[] scores = workspace.scores;
    long place = (long) beam * scores.length;
    double bar = workspace.ranked.bar(); // kept here since most candidates fail it
    for (int token = 0; token < scores.length; token++) {
      float score = scores[token];
      double key = random == null ? score : perturbed(score, bar, random);
      if (key > bar) {
        workspace.ranked.offer(key, place + token, score);
        bar = workspace.ranked.bar();
      }
    }
  }

  /** The score plus Gumbel noise, or {@code -inf} if that can't exceed the bar. */
  private static double perturbed(float score, double bar, RandomGenerator source) {
    if (score == Float.NEGATIVE_INFINITY) {
      return score;
    }
    double uniform = source.nextDouble();
    double gap = score - bar;
    // Noise above -gap needs -log(uniform) < exp(gap), and -log(uniform) is at least 1 - uniform.
    // Most candidates fail that, which spares two logarithms; the factor covers rounding.
    if (gap < 0 && 1 - uniform > 1.0001 * Exp.ofNegative(gap)) {
      return Double.NEGATIVE_INFINITY;
    }
    return score - Math.log(-Math.log(uniform));
  }

  private int parent(int rank) {
    return (int) (workspace.ranked.place(rank) / workspace.scores.length);
  }

  private int token(int rank) {
    return (int) (workspace.ranked.place(rank) % workspace.scores.length);
  }

  private TokenHistory extended(int rank, float[][] logits, List<LogSoftmax> normalizers) {
    int parent = parent(rank);
    int token = token(rank);
    return rules.extended(
        running.get(parent).history(), token, normalizers.get(parent), logits[firstRow + parent]);
  }
}
