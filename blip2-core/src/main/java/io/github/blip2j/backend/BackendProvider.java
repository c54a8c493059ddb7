package io.github.blip2j.backend;

import java.util.List;

/**
 * Creates a {@link Backend} if its hardware is present. Providers are found by {@link
 * java.util.ServiceLoader}.
 *
 * <p>One with several devices overrides {@link #devices} and {@link #create(String)}. Each device
 * is a backend, with memory of its own.
 */
public interface BackendProvider {
  /** The name for {@link Backend#of} and {@code -Dblip2.backend=}. */
  String name();

  /** Whether this machine can run it, and why or why not. */
  Support support();

  /** The backend, on the first device; called once, if it is supported. */
  Backend create();

  /**
   * The names of its backends here, one for each device, the one that {@link #name} stands for
   * first: {@code cuda:0, cuda:1}. Each begins with the provider's name and a colon. Called if it
   * is supported; by default there is one, of the provider's name.
   */
  default List<String> devices() {
    return List.of(name());
  }

  /**
   * The backend on a device, with the device's name as its own; called once for each.
   *
   * @param device one of {@link #devices}
   */
  default Backend create(String device) {
    return create();
  }

  /**
   * Whether a provider can run here.
   *
   * @param speed rank among the available providers; 0 for unavailable, 1 for the reference
   * @param reason for the log and {@code blip2 doctor}
   */
  record Support(int speed, String reason) {}
}
