package io.github.blip2j.evaluation;

/** Receives the progress of an evaluation. */
@FunctionalInterface
public interface EvaluationListener {
  /**
   * Called before the first batch and after each.
   *
   * @param done the number of finished items, those of earlier runs included
   * @param earlier how many of them are of earlier runs
   * @param of the number of all items
   */
  void done(int done, int earlier, int of);
}
