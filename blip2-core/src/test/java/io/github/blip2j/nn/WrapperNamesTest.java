package io.github.blip2j.nn;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertSame;
import static org.junit.jupiter.api.Assertions.assertThrows;

import io.github.blip2j.io.Checkpoint;
import io.github.blip2j.io.WrapperNames;
import io.github.blip2j.io.file.CheckpointException;
import io.github.blip2j.tensor.types.DType;
import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

final class WrapperNamesTest {
  @TempDir Path folder;

  @ParameterizedTest
  @CsvSource({
    "module.a.weight, a.weight",
    "_orig_mod.a.weight, a.weight",
    "module.module._orig_mod.a.weight, a.weight",
    "a._orig_mod.b, a.b",
    "a._fsdp_wrapped_module.b._checkpoint_wrapped_module.c, a.b.c",
    "modules.a.module_list, modules.a.module_list"
  })
  void removed_namesOfWrappers_areLeftOut(String stored, String bare) throws IOException {
    try (Checkpoint checkpoint = of(stored)) {
      assertEquals(List.of(bare), List.copyOf(WrapperNames.removed(checkpoint).tensors().keySet()));
    }
  }

  @Test
  void removed_plainNames_isTheSameCheckpoint() throws IOException {
    try (Checkpoint checkpoint = of("a.b", "query_tokens")) {
      assertSame(checkpoint, WrapperNames.removed(checkpoint, "query_tokens"));
    }
  }

  @Test
  void removed_prefixOfTheLandmark_isLeftOutWhereItStands() throws IOException {
    try (Checkpoint checkpoint = of("model.blip2.query_tokens", "model.blip2.a.b", "loss.scale")) {
      assertEquals(
          List.of("a.b", "loss.scale", "query_tokens"),
          List.copyOf(WrapperNames.removed(checkpoint, "query_tokens").tensors().keySet()));
    }
  }

  @Test
  void removed_twoLandmarks_areLeftAlone() throws IOException {
    try (Checkpoint checkpoint = of("ema.query_tokens", "model.query_tokens")) {
      assertSame(checkpoint, WrapperNames.removed(checkpoint, "query_tokens"));
    }
  }

  @Test
  void removed_twoTensorsOfOneName_isRefused() throws IOException {
    try (Checkpoint checkpoint = of("a", "module.a")) {
      assertEquals(
          "model.safetensors: one tensor expected as a, got two; write the file anew",
          assertThrows(CheckpointException.class, () -> WrapperNames.removed(checkpoint))
              .getMessage());
    }
  }

  private Checkpoint of(String... names) throws IOException {
    var stored = new StoredTensors(folder);
    for (String name : names) {
      stored.with(name, DType.FLOAT32, 1);
    }
    return stored.open();
  }
}
