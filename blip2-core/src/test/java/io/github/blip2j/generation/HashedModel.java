package io.github.blip2j.generation;

import java.util.ArrayList;
import java.util.List;

/** A model whose logits are a hash of the ids so far, as {@code beam_search_4_33.py} has them. */
final class HashedModel implements DecodingSession {
  private static final long FACTOR = 6364136223846793005L;
  private static final long TERM = 1442695040888963407L;

  private final long seed;
  private final int vocabSize;
  private List<int[]> rows;

  HashedModel(long seed, int vocabSize, List<int[]> prompts) {
    this.seed = seed;
    this.vocabSize = vocabSize;
    this.rows = prompts;
  }

  @Override
  public int vocabSize() {
    return vocabSize;
  }

  @Override
  public float[][] start() {
    return rows.stream().map(this::logits).toArray(float[][]::new);
  }

  @Override
  public float[][] next(int[] beamIndices, int[] tokens) {
    var longer = new ArrayList<int[]>();
    for (int i = 0; i < beamIndices.length; i++) {
      longer.add(PrefixModel.append(rows.get(beamIndices[i]), tokens[i]));
    }
    rows = longer;
    return start();
  }

  private float[] logits(int[] ids) {
    long state = seed;
    for (int id : ids) {
      state = state * FACTOR + id + TERM;
    }
    float[] logits = new float[vocabSize];
    for (int v = 0; v < vocabSize; v++) {
      long mixed = (state ^ (v * 0x9E3779B97F4A7C15L)) * FACTOR + TERM;
      mixed = (mixed ^ (mixed >>> 29)) * 0xBF58476D1CE4E5B9L;
      logits[v] = ((mixed >>> 33) % 4001 - 2000) / 500f;
    }
    return logits;
  }
}
