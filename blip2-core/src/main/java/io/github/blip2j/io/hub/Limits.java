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
  static final long LEAST_RATE = 1000; // bytes a second: a modem of the nineties had some more

  /** What users get. */
  static Limits standard(Duration silence) {
    return new Limits(silence, 4, Duration.ofMinutes(1), Duration.ofMinutes(1));
  }

  /**
   * How long a host may take for an answer that is no file: a byte now and then breaks no silence.
   * Within the same time, a file must grow by {@link #LEAST_RATE} a second.
   */
  Duration wholeAnswer() {
    return silence.multipliedBy(10);
  }

  /** Seconds without needless zeros, for messages. */
  static String seconds(Duration time) {
    BigDecimal seconds =
        BigDecimal.valueOf(time.getSeconds())
            .add(BigDecimal.valueOf(time.getNano() / 1_000_000, 3));
    return seconds.stripTrailingZeros().toPlainString() + " s";
  }
}
