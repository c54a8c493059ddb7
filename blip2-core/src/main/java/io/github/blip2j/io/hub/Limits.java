package io.github.blip2j.io.hub;

import java.math.BigDecimal;
import java.time.Duration;

/**
 * How much patience a download has.
 *
 * @param silence how long a host may take to connect, to answer, and between two pieces of a file
 * @param attempts how often in a row something may fail
 * @param longestPause the longest wait between two attempts that a host may ask for
 * @param standstill how long another download of the same file may stand still
 */
record Limits(Duration silence, int attempts, Duration longestPause, Duration standstill) {
  static final Duration SILENCE = Duration.ofSeconds(10);

  /** What users get. */
  static Limits standard(Duration silence) {
    return new Limits(silence, 4, Duration.ofMinutes(1), Duration.ofMinutes(1));
  }

  /** Seconds without needless zeros, for messages. */
  static String seconds(Duration time) {
    return BigDecimal.valueOf(time.toMillis(), 3).stripTrailingZeros().toPlainString() + " s";
  }
}
