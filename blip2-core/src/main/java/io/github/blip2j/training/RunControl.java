package io.github.blip2j.training;

/** What a {@link TrainingListener} may ask of a run while it is called. */
public interface RunControl {
  /**
   * Adds a number to the log: to the line of an update, which is then written even if it is not
   * due, or to a line of its own at the start and at the end of an epoch. A number that is not
   * finite is {@code null} there.
   *
   * @throws IllegalArgumentException if the name is blank, one of the log's own ({@code step},
   *     {@code loss}, ...), or was added at this call already
   */
  void log(String name, double value);

  /**
   * Asks for a checkpoint under a name, such as {@code best}, which is written to {@code
   * NAME.safetensors} once all listeners have been called. It replaces the one of that name and is
   * not removed with older checkpoints.
   *
   * @throws IllegalArgumentException if the name is not one of letters, digits, {@code .}, {@code
   *     _} and {@code -} that begins with a letter or a digit, or is one of a numbered checkpoint
   */
  void checkpoint(String name);

  /** Ends the run after this update, as {@link Trainer#stop} does. */
  void stop();
}
