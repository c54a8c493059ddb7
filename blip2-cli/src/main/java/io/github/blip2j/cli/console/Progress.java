package io.github.blip2j.cli.console;

import java.util.Locale;
import java.util.Timer;
import java.util.TimerTask;
import java.util.concurrent.TimeUnit;

/**
 * Reports long work on standard error: on a terminal one line that is rewritten, elsewhere a line
 * every few seconds; nothing for short work.
 */
public final class Progress implements AutoCloseable {
  private final Console console;
  private final long start = System.nanoTime();
  private final Timer ticks = new Timer("progress", true);
  private String work = "";
  private int shown;

  private Progress(Console console) {
    this.console = console;
  }

  public static Progress on(Console console) {
    var progress = new Progress(console);
    long period = console.terminal() ? 200 : 5000;
    var tick =
        new TimerTask() {
          @Override
          public void run() {
            progress.show();
          }
        };
    progress.ticks.schedule(tick, console.patience().toMillis(), period);
    return progress;
  }

  /** Sets the work that is reported from now on. */
  public synchronized void doing(String newWork) {
    work = newWork;
  }

  synchronized void show() {
    if (work.isEmpty()) { // no work is set yet
      return;
    }
    long seconds = TimeUnit.NANOSECONDS.toSeconds(System.nanoTime() - start);
    String line = TerminalText.line(String.format(Locale.ROOT, "blip2: %s, %d s", work, seconds));
    if (console.terminal()) {
      console.rewrite(line + " ".repeat(Math.max(0, shown - line.length())));
      shown = line.length();
    } else {
      console.err().println(line);
      console.err().flush();
    }
  }

  /** Clears the line of the terminal for a line of results. */
  public synchronized void clear() {
    if (shown > 0) {
      console.rewrite(" ".repeat(shown));
      console.rewrite("");
      shown = 0;
    }
  }

  @Override
  public void close() {
    ticks.cancel();
    clear();
  }
}
