package io.github.blip2j.generation;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.Comparator;
import java.util.HashSet;
import java.util.List;
import java.util.stream.IntStream;

/**
 * Beam search as the vectorised reference states it: a batch of K running and K finished slots for
 * each prompt, absent ones at -1e9, every flag and every sort spelled out. Slow on purpose, and
 * shares no code with {@link BeamSearch}.
 */
final class ReferenceBeamSearch {
  private static final float ABSENT = -1e9f;

  private final PrefixModel model;
  private final GenerationConfig decoding;
  private final int[] ends;
  private final int V;
  private final int K;

  /** Whether a beam that is "not there" ran on, where the two searches may differ. */
  boolean ranOnAbsentBeams;

  ReferenceBeamSearch(PrefixModel model, GenerationConfig decoding, int... ends) {
    this.model = model;
    this.decoding = decoding;
    this.ends = ends;
    this.V = model.vocabSize();
    this.K = decoding.numBeams();
  }

  /** One prompt of the batch. */
  private final class State {
    int[][] running = new int[K][];
    float[] runningScores = new float[K];
    int[][] finished = new int[K][];
    float[] finishedScores = new float[K];
    boolean[] isFinished = new boolean[K];
    boolean canImprove = true;
    boolean allHit;

    State(int[] prompt) {
      Arrays.fill(running, prompt);
      Arrays.fill(runningScores, ABSENT);
      runningScores[0] = 0;
      Arrays.fill(finished, prompt);
      Arrays.fill(finishedScores, ABSENT);
    }

    boolean isFull() {
      return IntStream.range(0, K).allMatch(i -> isFinished[i]);
    }
  }

  record Finished(List<Integer> ids, float score) {}

  List<List<Finished>> run(List<int[]> prompts) {
    List<State> batch = prompts.stream().map(State::new).toList();
    boolean whenFull = decoding.earlyStopping() == EarlyStopping.WHEN_FULL;
    boolean more = true;
    for (int length = 0; more; length++) {
      for (State state : batch) {
        step(state, length);
      }
      boolean improvable = batch.stream().anyMatch(state -> state.canImprove);
      boolean open = !(whenFull && batch.stream().allMatch(State::isFull));
      boolean continuable = !batch.stream().allMatch(state -> state.allHit);
      more = improvable && open && continuable;
    }
    return batch.stream().map(this::returned).toList();
  }

  private List<Finished> returned(State state) {
    var result = new ArrayList<Finished>();
    for (int i = 0; i < decoding.numReturnSequences(); i++) {
      if (state.finishedScores[i] > ABSENT / 10) {
        result.add(
            new Finished(
                Arrays.stream(state.finished[i]).boxed().toList(), state.finishedScores[i]));
      }
    }
    return result;
  }

  private void step(State state, int length) {
    float[] flat = new float[K * V];
    for (int k = 0; k < K; k++) {
      float[] scores = PrefixModel.logSoftmax(model.logits(state.running[k]));
      process(state.running[k], length, scores);
      for (int v = 0; v < V; v++) {
        flat[k * V + v] = scores[v] + state.runningScores[k];
      }
    }
    int M = Math.max(2, 1 + ends.length) * K;
    int[] top = Arrays.copyOf(descending(flat), M);
    float[] cand = new float[M];
    int[][] ids = new int[M][];
    boolean[] hit = new boolean[M];
    for (int m = 0; m < M; m++) {
      cand[m] = flat[top[m]];
      ids[m] = PrefixModel.append(state.running[top[m] / V], top[m] % V);
      hit[m] = isEnd(top[m] % V) || length + 1 == decoding.maxNewTokens();
    }
    ranOnAbsentBeams |= cand[K - 1] < ABSENT / 10;
    state.allHit = IntStream.range(0, M).allMatch(m -> hit[m]);
    finish(state, cand, ids, hit, (float) Math.pow(length + 1, decoding.lengthPenalty()));
    float[] running = new float[M];
    for (int m = 0; m < M; m++) {
      running[m] = hit[m] ? cand[m] + ABSENT : cand[m];
    }
    int[] best = descending(running);
    for (int k = 0; k < K; k++) {
      state.running[k] = ids[best[k]];
      state.runningScores[k] = running[best[k]];
      ranOnAbsentBeams |= length + 1 < decoding.maxNewTokens() && running[best[k]] < ABSENT / 10;
    }
    improve(state, length + 1);
  }

  private void finish(State state, float[] cand, int[][] ids, boolean[] hit, float divisor) {
    int M = cand.length;
    boolean full = state.isFull() && decoding.earlyStopping() == EarlyStopping.WHEN_FULL;
    float[] merged = Arrays.copyOf(state.finishedScores, K + M);
    int[][] mergedIds = Arrays.copyOf(state.finished, K + M);
    boolean[] mergedFinished = Arrays.copyOf(state.isFinished, K + M);
    for (int m = 0; m < M; m++) {
      boolean justFinished = hit[m] && m < K;
      float score = cand[m] / divisor;
      score += full ? ABSENT : 0;
      score += state.canImprove ? 0 : ABSENT;
      score += justFinished ? 0 : ABSENT;
      merged[K + m] = score;
      mergedIds[K + m] = ids[m];
      mergedFinished[K + m] = justFinished;
    }
    int[] best = descending(merged);
    for (int k = 0; k < K; k++) {
      state.finishedScores[k] = merged[best[k]];
      state.finished[k] = mergedIds[best[k]];
      state.isFinished[k] = mergedFinished[best[k]];
    }
  }

  private void improve(State state, int length) {
    boolean farthest =
        decoding.earlyStopping() == EarlyStopping.NEVER && decoding.lengthPenalty() > 0;
    int hypothetical = farthest ? decoding.maxNewTokens() : length;
    float best = state.runningScores[0] / (float) Math.pow(hypothetical, decoding.lengthPenalty());
    float worst = Float.POSITIVE_INFINITY;
    for (float score : state.finishedScores) {
      worst = Math.min(worst, score);
    }
    boolean any = false;
    for (int k = 0; k < K; k++) {
      any |= best > (state.isFinished[k] ? worst : ABSENT);
    }
    state.canImprove &= any;
  }

  private void process(int[] ids, int length, float[] scores) {
    float penalty = (float) decoding.repetitionPenalty();
    var distinct = new HashSet<Integer>();
    Arrays.stream(ids).forEach(distinct::add);
    for (int id : distinct) {
      if (id < V) {
        scores[id] = scores[id] < 0 ? scores[id] * penalty : scores[id] / penalty;
      }
    }
    int n = decoding.noRepeatNgramSize();
    var ngrams = new HashSet<List<Integer>>();
    for (int i = 0; n > 0 && i + n <= ids.length; i++) {
      ngrams.add(Arrays.stream(ids, i, i + n).boxed().toList());
    }
    for (int v = 0; v < V && n > 0 && ids.length >= n - 1; v++) {
      int[] longer = PrefixModel.append(ids, v);
      if (ngrams.contains(
          Arrays.stream(longer, longer.length - n, longer.length).boxed().toList())) {
        scores[v] = Float.NEGATIVE_INFINITY;
      }
    }
    for (int end : ends) {
      scores[end] = length < decoding.minNewTokens() ? Float.NEGATIVE_INFINITY : scores[end];
    }
  }

  private boolean isEnd(int token) {
    return Arrays.stream(ends).anyMatch(end -> end == token);
  }

  private static int[] descending(float[] scores) {
    return IntStream.range(0, scores.length)
        .boxed()
        .sorted(Comparator.comparing((Integer i) -> -scores[i])) // stable
        .mapToInt(Integer::intValue)
        .toArray();
  }
}
