package io.github.blip2j.io.hub;

import java.math.BigDecimal;
import java.time.Duration;

/**
 * The time limits of a download.
 *
 * @param silence the longest time to connect, to wait for a response, and between two pieces of a
 *     file
 * @param attempts the number of failures in a row that end a download
 * @param longestPause the longest pause that a host may request
 * @param standstill the longest time without progress of another process that downloads the same
 *     file
 */
record Limits(Duration silence, int attempts, Duration longestPause, Duration standstill) {
  static final Duration SILENCE = Duration.ofSeconds(10);
  static final long LEAST_RATE = 1000; // bytes a second

  /** The defaults. */
  static Limits standard(Duration silence) {
    return new Limits(silence, 4, Duration.ofMinutes(1), Duration.ofMinutes(1));
  }

  /**
   * The longest time for a response that is no file: a host that sends single bytes never falls
   * silent. In the same time, a file must grow by {@link #LEAST_RATE} a second.
   */
  Duration wholeAnswer() {
    return silence.multipliedBy(10);
  }

  /** Seconds without trailing zeros, for messages. */
  static String seconds(Duration time) {
    BigDecimal seconds =
        BigDecimal.valueOf(time.getSeconds())
            .add(BigDecimal.valueOf(time.getNano() / 1_000_000, 3));
    return seconds.stripTrailingZeros().toPlainString() + " s";
  }
}
