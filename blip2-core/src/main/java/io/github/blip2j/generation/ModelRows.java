package io.github.blip2j.generation;

import io.github.blip2j.nn.CancellationToken;
import java.util.Locale;

/** Checks the shapes of a model's results. */
final class ModelRows {
  private final DecodingSession model;
  private final int prompts;
  private final int vocabSize;

  ModelRows(DecodingSession model, int prompts) {
    this.model = model;
    this.prompts = prompts;
    this.vocabSize = model.vocabSize();
  }

  int vocabSize() {
    return vocabSize;
  }

  float[][] start() {
    return checked("start", prompts, model.start());
  }

  float[][] next(int[] beamIndices, int[] tokens) {
    CancellationToken.check();
    return checked("next", beamIndices.length, model.next(beamIndices, tokens));
  }

  private float[][] checked(String call, int rows, float[][] scores) {
    if (scores.length != rows) {
      throw new IllegalStateException(
          String.format(
              Locale.ROOT,
              "generate: model.%s expected to return %d rows, got %d",
              call,
              rows,
              scores.length));
    }
    for (int row = 0; row < rows; row++) {
      if (scores[row].length != vocabSize) {
        throw new IllegalStateException(
            String.format(
                Locale.ROOT,
                "generate: model.%s expected to return vocabSize=%d scores, got %d in row %d",
                call,
                vocabSize,
                scores[row].length,
                row));
      }
    }
    return scores;
  }
}
