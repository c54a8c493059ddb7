package io.github.blip2j.training.validation;

import io.github.blip2j.training.TrainingPosition;
import java.io.IOException;
import java.util.Map;

/**
 * Measures a model while it is trained, such as by its losses or by a metric of its texts on other
 * data.
 *
 * <p>It is called on the thread of the run, between updates, in a scope of its own and without
 * recording gradients. Nothing that it does may change the model or what later updates draw: it
 * takes random numbers from sources of its own, of a fixed seed, so that the same weights have the
 * same numbers.
 */
@FunctionalInterface
public interface Evaluator {
  /**
   * The numbers of the model as it is now, by name, such as {@code loss} or {@code cider}; they are
   * logged as {@code val_NAME}. One that is not finite is never the best.
   *
   * @param position of the run, between two updates
   */
  Map<String, Double> evaluate(TrainingPosition position) throws IOException;
}
