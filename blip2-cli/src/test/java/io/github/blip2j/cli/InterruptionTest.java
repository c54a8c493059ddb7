package io.github.blip2j.cli;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.List;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;

final class InterruptionTest {
  /** Ends while its work is closed, in a process of its own: hooks can't be removed any more. */
  static final class Ending {
    private Ending() {}

    /** Its standard output says how it went. */
    @SuppressWarnings("SystemOut") // how the process answers
    public static void main(String[] args) throws InterruptedException {
      var stopping = new CountDownLatch(1);
      var other = new CountDownLatch(1);
      // A second hook keeps the process from ending before the close is over.
      Runtime.getRuntime()
          .addShutdownHook(
              new Thread(
                  () -> {
                    try {
                      other.await(1, TimeUnit.MINUTES);
                    } catch (InterruptedException e) {
                      Thread.currentThread().interrupt();
                    }
                  }));
      var interruption = Interruption.calling(stopping::countDown);
      new Thread(() -> System.exit(0)).start();
      stopping.await();
      try {
        interruption.close();
        System.out.println("closed " + interruption.happened());
      } catch (IllegalStateException e) {
        System.out.println("threw " + e.getMessage());
      }
      other.countDown();
    }
  }

  /** Was told to end between the close's look and its removal of the hook. */
  static final class Ended {
    private Ended() {}

    /** Closes within another hook, before this one's has run. */
    @SuppressWarnings("SystemOut") // how the process answers
    public static void main(String[] args) {
      var interruption = Interruption.calling(() -> {}, 1);
      Runtime.getRuntime()
          .addShutdownHook(
              new Thread(
                  () -> {
                    try {
                      interruption.close();
                      System.out.println("closed");
                    } catch (IllegalStateException e) {
                      System.out.println("threw " + e.getMessage());
                    }
                  }));
    }
  }

  @Test
  void close_whileTheProcessEnds_leavesTheHook() throws Exception {
    assertEquals("closed true", outputOf(Ending.class));
    assertEquals("closed", outputOf(Ended.class));
  }

  @Test
  void hook_workThatNeverStops_waitsNoLongerThanItsPatience() throws InterruptedException {
    var stopped = new CountDownLatch(1);
    var interruption = Interruption.calling(stopped::countDown, 1);
    Runtime.getRuntime().removeShutdownHook(interruption.hook());

    interruption.hook().start(); // as the process would when it ends
    interruption.hook().join(TimeUnit.MINUTES.toMillis(1));

    assertFalse(interruption.hook().isAlive());
    assertEquals(0, stopped.getCount());
    assertTrue(interruption.happened());
  }

  @Test
  void close_afterTheWork_removesTheHook() {
    var interruption = Interruption.calling(() -> {});

    interruption.close();

    assertFalse(Runtime.getRuntime().removeShutdownHook(interruption.hook()));
    assertFalse(interruption.happened());
  }

  private static String outputOf(Class<?> main) throws IOException, InterruptedException {
    Process process =
        new ProcessBuilder(
                List.of(
                    Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                    "-cp",
                    System.getProperty("java.class.path"),
                    main.getName()))
            .redirectError(ProcessBuilder.Redirect.INHERIT)
            .start();
    String output = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
    assertTrue(process.waitFor(1, TimeUnit.MINUTES));
    return output.strip();
  }
}
