package org.example.research;

import io.github.blip2j.optim.Schedule;

/** Up to a peak in the middle of the run, and down again: one cycle (Smith 2018). */
record OneCycle(double peak, Schedule.Span run) implements Schedule {
  @Override
  public double at(int epoch, long stepInEpoch) {
    double batch = 1.0 + epoch * run.batchesPerEpoch() + stepInEpoch;
    double progress = Math.min(1, batch / (run.batches() + 1));
    return peak * (1 - Math.abs(2 * progress - 1));
  }
}
