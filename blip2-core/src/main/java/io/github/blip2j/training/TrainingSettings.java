package io.github.blip2j.training;

import io.github.blip2j.optim.Schedule;
import io.github.blip2j.tensor.types.Precision;
import java.nio.file.Path;
import java.util.Locale;
import java.util.function.Consumer;

/**
 * The settings of a run; {@link #of} gives defaults and the withers change them.
 *
 * @param output folder of the log and the checkpoints
 * @param schedule learning rate over time
 * @param epochs the number of epochs
 * @param maxSteps the maximum number of updates
 * @param accumulate gradient accumulation: the number of batches for each update
 * @param clipNorm the maximum norm of the gradient; a larger gradient is scaled down to it (Pascanu
 *     et al. 2013). Infinity for none, which is what LAVIS does
 * @param logEvery updates from one line of the log to the next
 * @param checkpointEvery updates from one checkpoint to the next; the end of a run writes one too
 * @param keep how many checkpoints stay; the disk must hold one more
 * @param seed seed of dropout
 * @param precision the compute precision of the objective's linear maps ({@link
 *     io.github.blip2j.nn.Parameter#computeIn}); the loop does not set it, but logs it and refuses
 *     to resume with another
 */
public record TrainingSettings(
    Path output,
    Schedule schedule,
    int epochs,
    long maxSteps,
    int accumulate,
    double clipNorm,
    int logEvery,
    int checkpointEvery,
    int keep,
    long seed,
    Precision precision) {

  /** Checks the numbers. */
  public TrainingSettings {
    requirePositive("epochs", epochs);
    requirePositive("maxSteps", maxSteps);
    requirePositive("accumulate", accumulate);
    requirePositive("logEvery", logEvery);
    requirePositive("checkpointEvery", checkpointEvery);
    requirePositive("keep", keep);
    if (!(clipNorm > 0)) {
      throw new IllegalArgumentException("training: clipNorm expected positive, got " + clipNorm);
    }
  }

  /**
   * One epoch, an update for each batch, no clipping, every tenth update logged, a checkpoint every
   * thousand updates of which the last two stay, seed 42, float32.
   */
  public static TrainingSettings of(Path output, Schedule schedule) {
    return new TrainingSettings(
        output,
        schedule,
        1,
        Long.MAX_VALUE,
        1,
        Double.POSITIVE_INFINITY,
        10,
        1000,
        2,
        42,
        Precision.FLOAT32);
  }

  /** These settings with another {@code epochs}. */
  public TrainingSettings withEpochs(int value) {
    return with(draft -> draft.epochs = value);
  }

  /** These settings with another {@code maxSteps}. */
  public TrainingSettings withMaxSteps(long value) {
    return with(draft -> draft.maxSteps = value);
  }

  /** These settings with another {@code accumulate}. */
  public TrainingSettings withAccumulate(int value) {
    return with(draft -> draft.accumulate = value);
  }

  /** These settings with another {@code clipNorm}. */
  public TrainingSettings withClipNorm(double value) {
    return with(draft -> draft.clipNorm = value);
  }

  /** These settings with another {@code logEvery}. */
  public TrainingSettings withLogEvery(int value) {
    return with(draft -> draft.logEvery = value);
  }

  /** These settings with another {@code checkpointEvery}. */
  public TrainingSettings withCheckpointEvery(int value) {
    return with(draft -> draft.checkpointEvery = value);
  }

  /** These settings with another {@code keep}. */
  public TrainingSettings withKeep(int value) {
    return with(draft -> draft.keep = value);
  }

  /** These settings with another {@code seed}. */
  public TrainingSettings withSeed(long value) {
    return with(draft -> draft.seed = value);
  }

  /** These settings with another {@code precision}. */
  public TrainingSettings withPrecision(Precision value) {
    return with(draft -> draft.precision = value);
  }

  private TrainingSettings with(Consumer<Draft> change) {
    Draft draft = new Draft(this);
    change.accept(draft);
    return new TrainingSettings(
        output,
        schedule,
        draft.epochs,
        draft.maxSteps,
        draft.accumulate,
        draft.clipNorm,
        draft.logEvery,
        draft.checkpointEvery,
        draft.keep,
        draft.seed,
        draft.precision);
  }

  /** A mutable copy of the settings, in which a wither changes one. */
  private static final class Draft {
    private int epochs;
    private long maxSteps;
    private int accumulate;
    private double clipNorm;
    private int logEvery;
    private int checkpointEvery;
    private int keep;
    private long seed;
    private Precision precision;

    Draft(TrainingSettings from) {
      this.epochs = from.epochs;
      this.maxSteps = from.maxSteps;
      this.accumulate = from.accumulate;
      this.clipNorm = from.clipNorm;
      this.logEvery = from.logEvery;
      this.checkpointEvery = from.checkpointEvery;
      this.keep = from.keep;
      this.seed = from.seed;
      this.precision = from.precision;
    }
  }

  private static void requirePositive(String name, long value) {
    if (value < 1) {
      throw new IllegalArgumentException(
          String.format(Locale.ROOT, "training: %s expected at least 1, got %d", name, value));
    }
  }
}
