package org.example.research;

import io.github.blip2j.optim.Schedule;

/** Up to a peak in the middle of each epoch, and down again: one cycle (Smith 2018). */
record OneCycle(double peak, long batches) implements Schedule {
  @Override
  public double at(int epoch, long stepInEpoch) {
    double progress = (double) stepInEpoch / batches;
    return peak * (1 - Math.abs(2 * progress - 1));
  }
}
