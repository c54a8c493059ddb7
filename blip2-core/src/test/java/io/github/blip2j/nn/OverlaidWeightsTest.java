package io.github.blip2j.nn;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import io.github.blip2j.io.Checkpoint;
import io.github.blip2j.io.file.CheckpointException;
import io.github.blip2j.tensor.Scope;
import io.github.blip2j.tensor.Tensor;
import io.github.blip2j.tensor.types.DType;
import io.github.blip2j.tensor.types.Shape;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Random;
import java.util.Set;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

final class OverlaidWeightsTest {
  @TempDir private Path folder;
  private final Scope home = Scope.detached();

  @BeforeEach
  void folders() throws IOException {
    Files.createDirectory(folder.resolve("upper"));
    Files.createDirectory(folder.resolve("base"));
  }

  @AfterEach
  void close() {
    home.close();
  }

  @Test
  void get_nameInBoth_isTakenFromTheUpper() throws IOException {
    try (Checkpoint upper = upper().with("theirs", DType.FLOAT16, 3).open();
        Checkpoint base =
            base().with("both", DType.FLOAT32, 1).with("lower", DType.FLOAT32, 2).open()) {
      KeyMap keys = KeyMap.builder().rename("both", "theirs").build();
      Params params = Params.root(over(upper, keys, base), home);

      Parameter both = params.get("both", Shape.of(3), Init.zeros());
      Parameter lower = params.get("lower", Shape.of(2), Init.zeros());
      params.finish(); // what is covered is no surplus

      assertArrayEquals(StoredTensors.counting(0, 3), both.value().toDoubles());
      assertArrayEquals(StoredTensors.counting(0, 2), lower.value().toDoubles());
    }
  }

  @Test
  void initial_nameInNeither_isDrawnByWhoeverDraws() throws IOException {
    Init ones = Init.ones();
    try (Checkpoint upper = upper().with("upper", DType.FLOAT32, 3).open();
        Checkpoint base = base().with("base", DType.FLOAT32, 2).open()) {
      Weights stored = weights("upper", upper).overlaying(weights("base", base));
      for (Weights layered :
          List.of(
              stored.overlaying(Weights.random(new Random(1))),
              new Drawing(weights("upper", upper)).overlaying(weights("base", base)))) {
        Params params = Params.root(layered, home);

        double[] drawn = params.get("drawn", Shape.of(2), ones).value().toDoubles();
        double[] fromUpper = params.get("upper", Shape.of(3), ones).value().toDoubles();
        double[] fromBase = params.get("base", Shape.of(2), ones).value().toDoubles();
        params.finish();

        assertArrayEquals(new double[] {1, 1}, drawn);
        assertArrayEquals(StoredTensors.counting(0, 3), fromUpper);
        assertArrayEquals(StoredTensors.counting(0, 2), fromBase);
      }
    }
  }

  @Test
  void initial_nameInOne_isArrangedByThatOne() throws IOException {
    try (Checkpoint upper = upper().with("upper", DType.FLOAT32, 3).open();
        Checkpoint base = base().with("base", DType.FLOAT32, 2).open()) {
      Weights grown = new Drawing(weights("base", base)).growing("base");
      Params params = Params.root(weights("upper", upper).overlaying(grown), home);

      double[] values = params.get("base", Shape.of(4), Init.ones()).value().toDoubles();

      assertArrayEquals(new double[] {1, 1, 1, 1}, values);
    }
  }

  /** Weights that draw what they lack, and what they are told to grow. */
  private record Drawing(Weights stored, String grown) implements Weights {
    Drawing(Weights stored) {
      this(stored, "");
    }

    Drawing growing(String name) {
      return new Drawing(stored, name);
    }

    @Override
    public String origin() {
      return stored.origin();
    }

    @Override
    public @Nullable Stored find(String name) throws IOException {
      return stored.find(name);
    }

    @Override
    public void read(String name, long byteOffset, ByteBuffer into) throws IOException {
      stored.read(name, byteOffset, into);
    }

    @Override
    public Set<String> unused(Set<String> used) {
      return stored.unused(used);
    }

    @Override
    public @Nullable Tensor initial(String name, Shape shape, Init init) throws IOException {
      boolean draws = find(name) == null || name.equals(grown);
      return draws ? init.draw(shape, new Random(1)) : null;
    }
  }

  private static Weights weights(String origin, Checkpoint checkpoint) {
    return new CheckpointWeights(origin, checkpoint, KeyMap.identity());
  }

  @Test
  void finish_surplusOfEither_isReported() throws IOException {
    try (Checkpoint upper = upper().with("x", DType.FLOAT32, 3).open();
        Checkpoint base = base().with("y", DType.FLOAT32, 1).open()) {
      Params params = Params.root(over(upper, KeyMap.identity(), base), home);

      assertEquals(
          "upper over base: tensors expected to fit the configuration, got 2 unused (x, y)",
          assertThrows(CheckpointException.class, params::finish).getMessage());
    }
  }

  @Test
  void unused_copyOfAnother_isLeftOutWhereItEquals() throws IOException {
    KeyMap keys =
        KeyMap.builder().renameToAny("w", "none", "words", "same", "other_type", "longer").build();
    try (Checkpoint upper =
        upper()
            .with("words", DType.FLOAT32, 3, 2)
            .with("same", DType.FLOAT32, 3, 2)
            .with("other_type", DType.FLOAT16, 3, 2)
            .with("longer", DType.FLOAT32, 4, 2)
            .open()) {
      var weights = new CheckpointWeights("upper", upper, keys);

      assertEquals(Set.of("other_type", "longer"), weights.unused(Set.of("w")));
    }
  }

  private StoredTensors upper() {
    return new StoredTensors(folder.resolve("upper"));
  }

  private StoredTensors base() {
    return new StoredTensors(folder.resolve("base"));
  }

  private static Weights over(Checkpoint upper, KeyMap keys, Checkpoint base) {
    return new CheckpointWeights("upper", upper, keys)
        .overlaying(new CheckpointWeights("base", base, KeyMap.identity()));
  }
}
