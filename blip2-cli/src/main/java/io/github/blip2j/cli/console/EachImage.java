package io.github.blip2j.cli.console;

import io.github.blip2j.backend.MemoryShortageException;
import java.io.IOException;
import java.util.List;
import java.util.Locale;
import picocli.CommandLine.ExitCode;

/** Images one after another; what goes wrong with one is told, and the others take their turn. */
public final class EachImage {
  private final Console console;
  private final Progress progress;

  /** What is done with an image. It clears the progress before it prints. */
  @FunctionalInterface
  public interface Step {
    void take(String image) throws IOException;
  }

  public EachImage(Console console, Progress progress) {
    this.console = console;
    this.progress = progress;
  }

  /** Takes all and returns the exit code: 1 if any image failed. */
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
        // The other images are no worse for it: even a full heap is empty again without this one.
        progress.clear();
        console.complain(ErrorReport.describe(e));
        failed++;
      }
    }
    progress.clear();
    return failed == 0 ? ExitCode.OK : ExitCode.SOFTWARE;
  }
}
