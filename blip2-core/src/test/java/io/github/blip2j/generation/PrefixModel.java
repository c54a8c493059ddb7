package io.github.blip2j.generation;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Random;

/**
 * A model whose logits are drawn from a seed and everything that the row holds, so that a wrong
 * parent anywhere gives other scores. Rows that it handed out turn to NaN with the next call.
 */
final class PrefixModel implements DecodingSession {
  private final long seed;
  private final int vocabSize;
  private final List<int[]> prompts;
  private List<int[]> rows;
  private float[][] handedOut = new float[0][];
  int rowsScored;

  PrefixModel(long seed, int vocabSize, List<int[]> prompts) {
    this.seed = seed;
    this.vocabSize = vocabSize;
    this.prompts = prompts;
    this.rows = prompts;
  }

  @Override
  public int vocabSize() {
    return vocabSize;
  }

  @Override
  public float[][] start() {
    rows = prompts;
    return scored();
  }

  @Override
  public float[][] next(int[] beamIndices, int[] tokens) {
    var longer = new ArrayList<int[]>();
    for (int i = 0; i < beamIndices.length; i++) {
      longer.add(append(rows.get(beamIndices[i]), tokens[i]));
    }
    rows = longer;
    return scored();
  }

  private float[][] scored() {
    for (float[] row : handedOut) {
      Arrays.fill(row, Float.NaN);
    }
    rowsScored += rows.size();
    handedOut = rows.stream().map(this::logits).toArray(float[][]::new);
    return handedOut;
  }

  float[] logits(int[] prefix) {
    var random = new Random(seed * 1_000_003 + Arrays.hashCode(prefix));
    random.nextInt();
    float[] logits = new float[vocabSize];
    for (int i = 0; i < vocabSize; i++) {
      logits[i] = (float) (2 * random.nextGaussian());
    }
    return logits;
  }

  static float[] logSoftmax(float[] logits) {
    float max = Float.NEGATIVE_INFINITY;
    for (float logit : logits) {
      max = Math.max(max, logit);
    }
    double sum = 0;
    for (float logit : logits) {
      sum += Math.exp(logit - max);
    }
    float logSum = (float) Math.log(sum);
    float[] result = new float[logits.length];
    for (int i = 0; i < result.length; i++) {
      result[i] = logits[i] - max - logSum;
    }
    return result;
  }

  static int[] append(int[] ids, int id) {
    int[] longer = Arrays.copyOf(ids, ids.length + 1);
    longer[ids.length] = id;
    return longer;
  }
}
