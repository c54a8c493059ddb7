package io.github.blip2j.io.hub;

import java.io.IOException;
import java.time.Duration;
import java.util.Locale;
import org.jspecify.annotations.Nullable;

/** Repeats a call after transient failures, with growing pauses. */
final class RetryPolicy {
  private static final Duration FIRST_PAUSE = Duration.ofSeconds(1);

  private final ModelId model;
  private final DownloadResources means;
  private int failures;

  /** A call that may fail transiently. */
  @FunctionalInterface
  interface Call<T> {
    T run() throws IOException;
  }

  RetryPolicy(ModelId model, DownloadResources means) {
    this.model = model;
    this.means = means;
  }

  /**
   * The result of the first successful attempt.
   *
   * @throws HubException if too many attempts in a row fail
   */
  <T> T run(Call<T> call) throws IOException {
    while (true) {
      try {
        return call.run();
      } catch (TransientException e) {
        means.machine().sleep(pauseAfter(e));
      }
    }
  }

  /** Resets the count of failures, after progress. */
  void progressed() {
    failures = 0;
  }

  private Duration pauseAfter(TransientException e) throws HubException {
    failures++;
    @Nullable Duration retryAfter = e.retryAfter();
    if (retryAfter != null && retryAfter.compareTo(means.limits().longestPause()) > 0) {
      throw new HubException(
          String.format(
              Locale.ROOT,
              "%s: answer expected from %s, got %s and to wait for %s; run it again then",
              model,
              e.host(),
              e.getMessage(),
              Limits.seconds(retryAfter)),
          e);
    }
    if (failures >= means.limits().attempts()) {
      throw new HubException(
          String.format(
              Locale.ROOT,
              "%s: answer expected from %s, got %s in %d attempts; check the network and HF_ENDPOINT",
              model,
              e.host(),
              e.getMessage(),
              failures),
          e);
    }
    return retryAfter != null ? retryAfter : FIRST_PAUSE.multipliedBy(1L << (failures - 1));
  }
}
