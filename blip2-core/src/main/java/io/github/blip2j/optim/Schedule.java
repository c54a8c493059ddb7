package io.github.blip2j.optim;

import java.util.Locale;

/**
 * A learning rate over time: any function of the epoch and of the batch in it.
 *
 * <p>Three of those here are LAVIS's, to the number: they warm up in epoch 0 and only there, so
 * that a warm-up longer than the epoch is cut, and are constant within every later epoch. {@link
 * StepwiseCosine} has neither property.
 */
@FunctionalInterface
public interface Schedule {
  /**
   * The rate of a batch.
   *
   * @param epoch from 0
   * @param stepInEpoch which batch of the epoch, from 0; batches are counted, not updates, where
   *     several make one update
   */
  double at(int epoch, long stepInEpoch);

  /**
   * LAVIS's {@code linear_warmup_cosine_lr}: a warm-up to {@code init}, which lasts through epoch
   * 0, then a cosine of the epoch down to {@code min} (Loshchilov and Hutter 2017, without
   * restarts). After epoch 0 the rate jumps to the cosine's current value.
   *
   * @param epochs after how many the cosine would reach {@code min}
   */
  record WarmupCosine(double init, double min, int epochs, Warmup warmup) implements Schedule {
    /** Checks them. */
    public WarmupCosine {
      requireRates(init, min);
      requirePositive("epochs", epochs);
    }

    @Override
    public double at(int epoch, long stepInEpoch) {
      return epoch == 0 ? warmup.at(stepInEpoch, init) : cosine(init, min, (double) epoch / epochs);
    }
  }

  /**
   * LAVIS's {@code linear_warmup_step_lr}: a warm-up, then {@code init} times {@code rate} to the
   * power of the epoch, at least {@code min}.
   */
  record WarmupStep(double init, double min, double rate, Warmup warmup) implements Schedule {
    /** Checks them. */
    public WarmupStep {
      requireRates(init, min);
      if (!(rate > 0 && rate <= 1)) {
        throw new IllegalArgumentException("schedule: rate expected in (0, 1], got " + rate);
      }
    }

    @Override
    public double at(int epoch, long stepInEpoch) {
      return epoch == 0
          ? warmup.at(stepInEpoch, init)
          : Math.max(min, init * Math.pow(rate, epoch));
    }
  }

  /** LAVIS's {@code constant_lr}: a warm-up in epoch 0, then {@code init}. */
  record Constant(double init, Warmup warmup) implements Schedule {
    /** Checks the rate. */
    public Constant {
      requireRates(init, 0);
    }

    /** One rate from the first batch on. */
    public static Constant of(double lr) {
      return new Constant(lr, new Warmup(lr, 0));
    }

    @Override
    public double at(int epoch, long stepInEpoch) {
      return epoch == 0 ? warmup.at(stepInEpoch, init) : init;
    }
  }

  /**
   * A warm-up of the full number of batches, across epochs if necessary, then a cosine of the batch
   * down to {@code min} without a jump. Not in LAVIS.
   */
  record StepwiseCosine(double init, double min, Span span, Warmup warmup) implements Schedule {
    /** Checks them. */
    public StepwiseCosine {
      requireRates(init, min);
      if (warmup.batches() >= span.batches()) {
        throw new IllegalArgumentException(
            String.format(
                Locale.ROOT,
                "schedule: warm-up expected shorter than the %d batches of the run, got %d",
                span.batches(),
                warmup.batches()));
      }
    }

    @Override
    public double at(int epoch, long stepInEpoch) {
      long batch = epoch * span.batchesPerEpoch() + stepInEpoch;
      if (batch < warmup.batches()) {
        return warmup.at(batch, init);
      }
      long left = span.batches() - warmup.batches();
      return cosine(init, min, Math.min(1, (double) (batch - warmup.batches()) / left));
    }
  }

  /** The length of a run: epochs, and batches in each. */
  record Span(int epochs, long batchesPerEpoch) {
    /** Checks them. */
    public Span {
      requirePositive("epochs", epochs);
      requirePositive("batchesPerEpoch", batchesPerEpoch);
    }

    /** The number of batches. */
    public long batches() {
      return epochs * batchesPerEpoch;
    }
  }

  private static double cosine(double init, double min, double done) {
    return (init - min) * 0.5 * (1 + Math.cos(Math.PI * done)) + min;
  }

  private static void requireRates(double init, double min) {
    if (!(init > 0 && init < Double.POSITIVE_INFINITY && min >= 0 && min <= init)) {
      throw new IllegalArgumentException(
          String.format(
              Locale.ROOT,
              "schedule: rates expected 0 <= min <= init and 0 < init, got min=%s, init=%s",
              min,
              init));
    }
  }

  private static void requirePositive(String name, long value) {
    if (value < 1) {
      throw new IllegalArgumentException(
          String.format(Locale.ROOT, "schedule: %s expected at least 1, got %d", name, value));
    }
  }
}
