package io.github.blip2j.backend;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertThrows;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.List;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.function.Executable;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

final class ThreadsTest {
  private static final int MOST = Math.max(1024, Runtime.getRuntime().availableProcessors());

  @Test
  void use_one_isCounted() {
    int before = Threads.count();
    try {
      Threads.use(1);

      assertEquals(1, Threads.count());
    } finally {
      Threads.use(before);
    }
    assertEquals(before, Threads.count());
  }

  /** Prints the number of threads of its main thread, which loads ND4J. */
  static final class Counting {
    private Counting() {}

    public static void main(String[] args) {
      System.out.println(Threads.count());
    }
  }

  @Test
  void property_holdsForTheThreadThatLoadsNd4jToo() throws Exception {
    int unlikeCores = Runtime.getRuntime().availableProcessors() + 1;
    var builder =
        new ProcessBuilder(
            Path.of(System.getProperty("java.home"), "bin", "java").toString(),
            "-Dblip2.threads=" + unlikeCores,
            "-cp",
            System.getProperty("java.class.path"),
            Counting.class.getName());
    builder.environment().remove("OMP_NUM_THREADS");
    builder.redirectError(ProcessBuilder.Redirect.INHERIT);

    Process counting = builder.start();

    List<String> printed = List.of(text(counting).strip().split("\\R"));
    assertEquals(0, counting.waitFor());
    assertEquals(Integer.toString(unlikeCores), printed.get(printed.size() - 1));
  }

  private static String text(Process process) throws IOException {
    return new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
  }

  @ParameterizedTest
  @ValueSource(ints = {0, -1, 20_000, Integer.MAX_VALUE})
  void number_thatNoMachineHas_isRefused(int count) {
    String expected = "threads: count of threads expected 1 to " + MOST + ", got " + count;

    for (Executable choice :
        List.<Executable>of(() -> Threads.use(count), () -> Threads.choose(count))) {
      assertEquals(expected, assertThrows(IllegalArgumentException.class, choice).getMessage());
    }
  }

  @Test
  void chosen_property_isCheckedAndGoesFirst() {
    assertEquals("3", Threads.chosen("3", "20000"));
    assertEquals(
        "-Dblip2.threads: count of threads expected 1 to " + MOST + ", got 20000",
        refusal("20000", null));
    assertEquals(
        "-Dblip2.threads: count of threads expected to be a number, got two", refusal("two", null));
  }

  @Test
  void chosen_variable_isChecked() {
    assertNull(Threads.chosen(null, null));
    assertNull(Threads.chosen(null, "4, 2"));
    assertNull(Threads.chosen(null, "many")); // libgomp warns of it
    assertEquals(
        "OMP_NUM_THREADS: count of threads expected 1 to " + MOST + ", got 20000",
        refusal(null, "4,20000"));
    assertEquals(
        "OMP_NUM_THREADS: count of threads expected 1 to " + MOST + ", got 9223372036854775807",
        refusal(null, "99999999999999999999"));
  }

  private static String refusal(@Nullable String property, @Nullable String variable) {
    return String.valueOf(
        assertThrows(IllegalArgumentException.class, () -> Threads.chosen(property, variable))
            .getMessage());
  }
}
