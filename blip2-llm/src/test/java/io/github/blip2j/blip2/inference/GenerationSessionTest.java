package io.github.blip2j.blip2.inference;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.github.blip2j.autograd.GradMode;
import io.github.blip2j.backend.TensorMemory;
import io.github.blip2j.blip2.Blip2;
import io.github.blip2j.blip2.Fixture;
import io.github.blip2j.blip2.checkpoint.hf.HuggingFaceNames;
import io.github.blip2j.blip2.model.Blip2Config;
import io.github.blip2j.blip2.model.Blip2Model;
import io.github.blip2j.blip2.model.PromptBatch;
import io.github.blip2j.generation.GenerationConfig;
import io.github.blip2j.generation.Generator;
import io.github.blip2j.generation.Sequence;
import io.github.blip2j.io.Checkpoint;
import io.github.blip2j.io.file.ConfigJson;
import io.github.blip2j.nn.CheckpointWeights;
import io.github.blip2j.nn.ForwardPass;
import io.github.blip2j.nn.Parameter;
import io.github.blip2j.nn.Params;
import io.github.blip2j.nn.Weights;
import io.github.blip2j.tensor.Scope;
import io.github.blip2j.tensor.Tensor;
import io.github.blip2j.tensor.types.Precision;
import io.github.blip2j.text.Side;
import io.github.blip2j.vision.image.ImageProcessor;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Path;
import java.util.Collections;
import java.util.List;
import java.util.Locale;
import java.util.Set;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** What loading takes, and gives back. */
final class GenerationSessionTest {
  @TempDir Path folder;

  @ParameterizedTest
  @EnumSource(Precision.class)
  void load_twiceAndClosed_givesAllMemoryBack(Precision type) throws IOException {
    long before = TensorMemory.usedBytes();

    try (var first = Blip2.load(Fixture.HF_OPT, type)) {
      long one = TensorMemory.usedBytes() - before;
      try (var second = Blip2.load(Fixture.HF_OPT, type)) {
        assertEquals("a red circle", second.caption(second.read(Fixture.pictures().get(0))));
        assertTrue(TensorMemory.usedBytes() - before >= 2 * one - (one >> 2));
      }
      assertEquals("a red circle", first.caption(first.read(Fixture.pictures().get(0))));
    }

    assertEquals(before, TensorMemory.usedBytes());
  }

  @Test
  void load_done_leavesCheckpointClosed() throws IOException {
    Fixture.copyTo(folder);

    try (var loaded = GenerationSession.load(folder, Precision.FLOAT32)) {
      assertEquals(
          List.of(), Fixture.openFiles(folder), "open files of " + loaded.processor().size());
    }
  }

  @Test
  void load_converting_holdsOneTensorTwiceAtMost() throws IOException {
    long before = TensorMemory.usedBytes();
    try (var memory = Scope.detached();
        var checkpoint = Checkpoint.open(Fixture.HF_OPT)) {
      var peak = new Peak(weights(checkpoint));
      Params params = Params.root(peak, memory).packed(Precision.BFLOAT16);

      new Blip2Model(config(), params);
      params.finish();

      long model = TensorMemory.usedBytes() - before;
      long largest = 424 * 64 * Float.BYTES; // the word embeddings as stored
      assertTrue(
          peak.bytes - before <= model + largest,
          () ->
              String.format(
                  Locale.ROOT,
                  "bytes expected at most %d, got %d",
                  model + largest,
                  peak.bytes - before));
    }
    assertEquals(before, TensorMemory.usedBytes());
  }

  @Test
  void generate_fromTrainedParameters_recordsNothing() throws IOException {
    try (var memory = Scope.detached();
        var checkpoint = Checkpoint.open(Fixture.HF_OPT);
        var scope = Scope.open()) {
      Params params = Params.root(weights(checkpoint), memory);
      var model = new Blip2Model(config(), params);
      Tensor pixels = ImageProcessor.blip2(48).tensor(Fixture.images());
      List<List<Sequence>> expected = write(model, pixels);
      long used = TensorMemory.usedBytes();

      params.all().values().forEach(Parameter::train);
      List<List<Sequence>> written = write(model, pixels);

      assertEquals(expected.toString(), written.toString());
      assertEquals(used, TensorMemory.usedBytes(), "values kept for a backward pass");
      for (Parameter parameter : params.all().values()) {
        assertNull(parameter.gradient(), parameter.name());
      }
    }
  }

  private static List<List<Sequence>> write(Blip2Model model, Tensor pixels) {
    try (var off = GradMode.noGrad();
        var scope = Scope.open()) {
      Tensor prompt = model.imagePrompt(pixels, ForwardPass.evaluation());
      assertFalse(prompt.requiresGrad());
      PromptBatch text = PromptBatch.of(Collections.nCopies(3, new int[] {2}), 1, Side.LEFT);
      return model.generate(prompt, text, Generator.of(GenerationConfig.greedy(), 2), 20);
    }
  }

  private static Blip2Config config() throws IOException {
    return Blip2Config.fromJson(ConfigJson.read(Fixture.HF_OPT.resolve(Fixture.CONFIG)));
  }

  private static CheckpointWeights weights(Checkpoint checkpoint) throws IOException {
    return new CheckpointWeights("hf-opt", checkpoint, HuggingFaceNames.blip2(config()));
  }

  /** Looks at the memory whenever a tensor is read: its own is there, and the model's before it. */
  private static final class Peak implements Weights {
    private final Weights weights;
    private long bytes;

    Peak(Weights weights) {
      this.weights = weights;
    }

    @Override
    public String origin() {
      return weights.origin();
    }

    @Override
    public @Nullable Stored find(String name) throws IOException {
      return weights.find(name);
    }

    @Override
    public void read(String name, long byteOffset, ByteBuffer into) throws IOException {
      weights.read(name, byteOffset, into);
      bytes = Math.max(bytes, TensorMemory.usedBytes());
    }

    @Override
    public Set<String> unused(Set<String> used) {
      return weights.unused(used);
    }
  }
}
