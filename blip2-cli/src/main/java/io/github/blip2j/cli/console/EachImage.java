package io.github.blip2j.cli.console;

import io.github.blip2j.backend.MemoryShortageException;
import java.io.IOException;
import java.util.List;
import java.util.Locale;
import picocli.CommandLine.ExitCode;

/**
 * Processes images one after another; an error of one is printed, and the others are still
 * processed.
 */
public final class EachImage {
  private final Console console;
  private final Progress progress;

  /** The work on an image. It clears the progress before it prints. */
  @FunctionalInterface
  public interface Step {
    void take(String image) throws IOException;
  }

  public EachImage(Console console, Progress progress) {
    this.console = console;
    this.progress = progress;
  }

  /** Processes all and returns the exit code: 1 if any image failed. */
  public int of(List<String> images, Step step) {
    int failed = 0;
    for (int i = 0; i < images.size(); i++) {
      progress.doing(
          String.format(Locale.ROOT, "image %d of %d, %s", i + 1, images.size(), images.get(i)));
      try {
        step.take(images.get(i));
      } catch (IOException
          | IllegalArgumentException
          | IllegalStateException
          | MemoryShortageException
          | OutOfMemoryError e) {
        // The other images can still succeed: even a full heap is freed with this one.
        progress.clear();
        console.complain(ErrorReport.describe(e));
        failed++;
      }
    }
    progress.clear();
    return failed == 0 ? ExitCode.OK : ExitCode.SOFTWARE;
  }
}
