package io.github.blip2j.server.work;

/** Is told what the model thread does, for metrics. Methods return at once. */
public interface WorkListener {
  /** A listener that listens to nothing. */
  WorkListener NONE = new WorkListener() {};

  /** A batch has ended, well or not. */
  default void ran(String label, int size, double seconds) {}

  /** A job has waited this long for its start. */
  default void waited(double seconds) {}

  /** Tokens were generated. */
  default void tokens(int count) {}

  /** The first token of a text came this long after the start of its batch. */
  default void firstToken(double seconds) {}

  /** A job was turned away because the queue was full. */
  default void rejected() {}

  /** An image's features were there, or not. */
  default void features(boolean there) {}

  /** A job was cancelled before its end. */
  default void cancelled() {}
}
