package io.github.blip2j.io;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.github.blip2j.tensor.DType;
import io.github.blip2j.tensor.Shape;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Weights written over others: whenever the process is killed, one whole model is left. */
final class ReexportTest {
  private static final int TENSORS = 6;

  private static final byte OLD = 1;
  private static final byte NEW = 2;

  @TempDir private Path temporary;

  /** The number of shards before, whether they have their index, and the number after. */
  @ParameterizedTest
  @CsvSource({
    "1,true,1",
    "1,true,3",
    "3,true,1",
    "3,true,3",
    "3,true,2",
    "2,true,6",
    "3,false,3",
    "2,false,3",
    "3,false,1"
  })
  void close_overAnEarlierModel_leavesOneWholeAtEveryStep(int before, boolean indexed, int after)
      throws IOException {
    Path folder = Files.createDirectory(temporary.resolve("model"));
    write(folder, before, OLD, () -> {});
    if (!indexed) {
      Files.delete(folder.resolve(Checkpoint.INDEX));
    }

    List<Path> kills = writeWatched(folder, after, NEW);

    assertWholeOnes(kills, false);
    assertEquals(NEW, model(folder));
    assertHolds(folder, after);
  }

  @Test
  void close_again_comesBackToTheUsualNames() throws IOException {
    Path folder = Files.createDirectory(temporary.resolve("model"));
    write(folder, 3, OLD, () -> {});
    assertTrue(Files.exists(folder.resolve("model-00001-of-00003.safetensors")));

    write(folder, 3, NEW, () -> {});
    assertTrue(Files.exists(folder.resolve("model-2-00001-of-00003.safetensors")));

    write(folder, 3, OLD, () -> {});
    assertTrue(Files.exists(folder.resolve("model-00001-of-00003.safetensors")));
    assertEquals(OLD, model(folder));
    assertHolds(folder, 3);
  }

  @Test
  void close_overWhatAKillLeft_cleansUp() throws IOException {
    Path folder = Files.createDirectory(temporary.resolve("model"));
    write(folder, 3, OLD, () -> {});
    List<Path> kills = writeWatched(folder, 3, NEW);

    for (Path killed : kills) {
      List<Path> again = writeWatched(killed, 3, NEW);

      assertWholeOnes(again, false);
      assertEquals(NEW, model(killed));
      assertHolds(killed, 3);
    }
  }

  @ParameterizedTest
  @CsvSource({"1", "3"})
  void close_intoAnEmptyFolder_leavesNothingOrAWholeModel(int after) throws IOException {
    Path folder = Files.createDirectory(temporary.resolve("model"));

    assertWholeOnes(writeWatched(folder, after, NEW), true);
    assertEquals(NEW, model(folder));
  }

  @Test
  void close_thatFailsBeforeTheIndex_leavesTheFolderAsItWas() throws IOException {
    Path folder = Files.createDirectory(temporary.resolve("model"));
    write(folder, 3, OLD, () -> {});
    List<String> names = names(folder);
    var steps = new int[1];

    assertThrows(
        UncheckedIOException.class,
        () ->
            write(
                folder,
                3,
                NEW,
                () -> {
                  if (++steps[0] == 2) {
                    throw new UncheckedIOException(new IOException("made up"));
                  }
                }));

    assertEquals(names, names(folder));
    assertEquals(OLD, model(folder));
  }

  private static void write(Path folder, int shards, byte value, Runnable afterEachStep)
      throws IOException {
    long perShard = TENSORS / shards;
    List<TensorSpec> specs =
        IntStream.range(0, TENSORS)
            .mapToObj(i -> new TensorSpec("t" + i, DType.UINT8, Shape.of(1)))
            .toList();
    try (var writer = ShardedSafetensorsWriter.create(folder, specs, perShard, afterEachStep)) {
      for (TensorSpec spec : specs) {
        writer.write(spec.name(), ByteBuffer.wrap(new byte[] {value}));
      }
    }
  }

  /** What a kill after each step leaves. */
  private List<Path> writeWatched(Path folder, int shards, byte value) throws IOException {
    List<Path> kills = new ArrayList<>();
    Path place = Files.createTempDirectory(temporary, "kills");
    write(
        folder,
        shards,
        value,
        () -> {
          Path copy = place.resolve(String.format(Locale.ROOT, "%02d", kills.size()));
          try {
            Files.createDirectory(copy);
            for (String name : names(folder)) {
              Files.copy(folder.resolve(name), copy.resolve(name));
            }
          } catch (IOException e) {
            throw new UncheckedIOException(e);
          }
          kills.add(copy);
        });
    assertFalse(kills.isEmpty());
    return kills;
  }

  private static List<String> names(Path folder) throws IOException {
    try (Stream<Path> files = Files.list(folder)) {
      return files
          .map(ReadableFile::nameOf)
          .filter(name -> !name.startsWith("."))
          .sorted()
          .toList();
    }
  }

  private static void assertWholeOnes(List<Path> kills, boolean orNone) throws IOException {
    for (Path killed : kills) {
      try {
        model(killed);
      } catch (CheckpointException e) {
        assertTrue(orNone, killed.getFileName() + " " + names(killed) + ": " + e.getMessage());
      }
    }
  }

  /** The one model that all tensors are of. */
  private static byte model(Path folder) throws IOException {
    try (Checkpoint checkpoint = Checkpoint.open(folder)) {
      assertEquals(TENSORS, checkpoint.tensors().size());
      List<Byte> values = new ArrayList<>();
      for (String name : checkpoint.tensors().keySet()) {
        ByteBuffer value = ByteBuffer.allocate(1);
        checkpoint.read(name, value);
        values.add(value.get(0));
      }
      assertEquals(1, values.stream().distinct().count(), "of two models: " + names(folder));
      return values.get(0);
    }
  }

  private static void assertHolds(Path folder, int shards) throws IOException {
    assertEquals(shards == 1 ? 1 : shards + 1, names(folder).size(), names(folder).toString());
  }
}
