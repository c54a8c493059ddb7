package io.github.blip2j.distributed;

import static java.util.Objects.requireNonNull;
import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.github.blip2j.tensor.InScope;
import io.github.blip2j.tensor.Tensor;
import io.github.blip2j.tensor.types.Shape;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.AccessDeniedException;
import java.nio.file.FileSystemException;
import java.nio.file.NoSuchFileException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.concurrent.ConcurrentSkipListMap;
import java.util.function.Function;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

@Timeout(60)
@ExtendWith(InScope.class)
final class RoundsTest {
  private static final Duration LIMIT = Duration.ofSeconds(50);

  /** The result of each rank's work. */
  private static <T> Map<Integer, T> onRanks(int size, Function<Ranks, T> work) {
    Map<Integer, T> results = new ConcurrentSkipListMap<>();
    InMemoryCollectives.run(
        size,
        LIMIT,
        collectives -> {
          Ranks ranks = Ranks.of(collectives);
          results.put(ranks.rank(), work.apply(ranks));
        });
    return new TreeMap<>(results);
  }

  /** Results of any length, an empty one among them. */
  private static byte[] result(int task) {
    return "x".repeat(task).getBytes(StandardCharsets.UTF_8);
  }

  @ParameterizedTest
  @CsvSource({"1, 5", "2, 5", "3, 5", "3, 6", "4, 2", "2, 0"})
  void run_dealsTasksInTurn_andAllGetTheResultsInOrder(int size, int tasks) {
    Map<Integer, Integer> workers = new ConcurrentSkipListMap<>();

    Map<Integer, List<String>> taken =
        onRanks(
            size,
            ranks -> {
              List<String> own = new ArrayList<>();
              try {
                Rounds.run(
                    ranks,
                    tasks,
                    task -> {
                      workers.put(task, ranks.rank());
                      return result(task);
                    },
                    (task, bytes) -> own.add(task + " " + bytes.length));
              } catch (IOException e) {
                throw new UncheckedIOException(e);
              }
              return own;
            });

    List<String> expected = new ArrayList<>();
    for (int task = 0; task < tasks; task++) {
      expected.add(task + " " + task);
      assertEquals(task % size, workers.get(task));
    }
    assertEquals(size, taken.size());
    taken.values().forEach(own -> assertEquals(expected, own));
  }

  /** What each rank took before a task failed, and what it threw. */
  private record Failed(List<Integer> taken, Throwable thrown, boolean together) {}

  private static Failed failing(Ranks ranks, int failing, IOException failure) {
    List<Integer> taken = new ArrayList<>();
    Throwable thrown =
        assertThrows(
            Exception.class,
            () ->
                Rounds.run(
                    ranks,
                    6,
                    task -> {
                      if (task == failing) {
                        throw failure;
                      }
                      return result(task);
                    },
                    (task, bytes) -> taken.add(task)));
    return new Failed(taken, thrown, ranks.failedTogether());
  }

  @ParameterizedTest
  @ValueSource(ints = {2, 3})
  void run_taskThatFails_endsAllAfterTheResultsBeforeIt(int size) {
    var failure = new NoSuchFileException("a.png");

    Map<Integer, Failed> ended = onRanks(size, ranks -> failing(ranks, 4, failure));

    int where = 4 % size;
    ended.forEach(
        (rank, each) -> {
          assertEquals(List.of(0, 1, 2, 3), each.taken);
          assertTrue(each.together);
          if (rank == where) {
            assertEquals(failure, each.thrown);
          } else {
            var told = assertInstanceOf(RankException.class, each.thrown);
            assertEquals("rank " + where + ": a.png", told.getMessage());
            assertInstanceOf(NoSuchFileException.class, told.getCause());
          }
        });
  }

  @Test
  void run_takerThatFailsOnOneRank_endsAll() {
    Map<Integer, Throwable> thrown =
        onRanks(
            2,
            ranks ->
                assertThrows(
                    Exception.class,
                    () ->
                        Rounds.run(
                            ranks,
                            4,
                            RoundsTest::result,
                            (task, bytes) -> {
                              if (ranks.isFirst()) {
                                throw new IOException("disk full");
                              }
                            })));

    assertEquals("disk full", requireNonNull(thrown.get(0)).getMessage());
    assertEquals("rank 0: disk full", requireNonNull(thrown.get(1)).getMessage());
  }

  @Test
  void failure_isOfItsClassAndMessage() {
    for (Throwable each :
        List.of(
            new NoSuchFileException("a.png"),
            new AccessDeniedException("b.png"),
            new FileSystemException("c.png", null, "Is a directory"),
            new IOException("d.png: image expected, got text"),
            new OutOfMemoryError("Java heap space"))) {
      Throwable told = RankFailure.of(RankFailure.bytes(each));

      assertEquals(each.getClass(), told.getClass());
      assertEquals(each.getMessage(), told.getMessage());
    }
    assertEquals(
        "no", RankFailure.of(RankFailure.bytes(new IllegalStateException("no"))).getMessage());
  }

  @Test
  void ofFirst_isTheSameOnAll() {
    Map<Integer, String> got =
        onRanks(
            3,
            ranks ->
                new String(ranks.ofFirst(result(ranks.isFirst() ? 9 : 2)), StandardCharsets.UTF_8));

    assertEquals(Map.of(0, "x".repeat(9), 1, "x".repeat(9), 2, "x".repeat(9)), got);
  }

  @Test
  void requireEqual_ofSomethingElse_failsOnAll() {
    Map<Integer, Throwable> thrown =
        onRanks(
            3,
            ranks -> {
              ranks.requireEqual("settings", "a");
              return assertThrows(
                  IllegalArgumentException.class,
                  () -> ranks.requireEqual("images", ranks.rank() == 2 ? "8" : "9"));
            });

    thrown
        .values()
        .forEach(
            each ->
                assertEquals(
                    "ranks: images expected equal on all, got on rank 0 9, and on rank 2 8; start"
                        + " all with the same files and options",
                    each.getMessage()));
  }

  @Test
  void tensors_areTheSameToTheBit() throws IOException {
    float[] numbers = {1, -0f, Float.NaN, Float.MIN_VALUE, 5, 6};
    List<Tensor> all = List.of(Tensor.of(numbers, 1, 2, 3), Tensor.of(new float[] {7}, 1));

    List<Tensor> read = RankBytes.tensors(RankBytes.of(all));

    assertEquals(
        List.of(Shape.of(1, 2, 3), Shape.of(1)), read.stream().map(Tensor::shape).toList());
    assertArrayEquals(numbers, read.get(0).toFloats());
    assertArrayEquals(new float[] {7}, read.get(1).toFloats());
    assertArrayEquals(numbers, RankBytes.floats(RankBytes.of(numbers)));
  }
}
