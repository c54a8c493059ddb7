package io.github.blip2j.bench;

import io.github.blip2j.generation.DecodingSession;

/**
 * A decoding session that times its steps: from one call of {@link #next} to the following one, so
 * a step is the model's work on the last token and the choice of the next. The prompt and the first
 * token are not timed.
 */
final class StepClock implements DecodingSession {
  private final DecodingSession session;
  private final double[] times;
  private int steps;
  private long began;

  /**
   * Times a session.
   *
   * @param times receives the milliseconds of each step; steps beyond its length are not kept
   */
  StepClock(DecodingSession session, double[] times) {
    this.session = session;
    this.times = times;
  }

  @Override
  public int vocabSize() {
    return session.vocabSize();
  }

  @Override
  public float[][] start() {
    return session.start();
  }

  @Override
  public float[][] next(int[] beamIndices, int[] tokens) {
    long now = System.nanoTime();
    if (began != 0 && steps < times.length) {
      times[steps++] = (now - began) / 1e6;
    }
    began = now;
    return session.next(beamIndices, tokens);
  }

  /** The number of steps timed so far. */
  int steps() {
    return steps;
  }
}
