package io.github.blip2j.backend;

/**
 * Creates a {@link Backend} if its hardware is present. Providers are found by {@link
 * java.util.ServiceLoader}.
 */
public interface BackendProvider {
  /** The name for {@link Backend#of} and {@code -Dblip2.backend=}. */
  String name();

  /** Whether this machine can run it, and why or why not. */
  Support support();

  /** The backend; called once, if it is supported. */
  Backend create();

  /**
   * Whether a provider can run here.
   *
   * @param speed rank among the available providers; 0 for unavailable, 1 for the reference
   * @param reason for the log and {@code blip2 doctor}
   */
  record Support(int speed, String reason) {}
}
