package io.github.blip2j.blip2;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotNull;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertThrows;

import io.github.blip2j.adapter.LoraLayers;
import io.github.blip2j.adapter.LoraSettings;
import io.github.blip2j.blip2.checkpoint.LoadOptions;
import io.github.blip2j.blip2.checkpoint.LoraMerge;
import io.github.blip2j.blip2.model.Blip2Model;
import io.github.blip2j.golden.Fixtures;
import io.github.blip2j.golden.Golden;
import io.github.blip2j.golden.GoldenGradients;
import io.github.blip2j.io.Checkpoint;
import io.github.blip2j.io.file.CheckpointException;
import io.github.blip2j.nn.ForwardPass;
import io.github.blip2j.nn.LowRankUpdate;
import io.github.blip2j.nn.Parameter;
import io.github.blip2j.pretraining.StageTwoExport;
import io.github.blip2j.pretraining.StageTwoModel;
import io.github.blip2j.pretraining.StageTwoSetup;
import io.github.blip2j.pretraining.Tuning;
import io.github.blip2j.tensor.Scope;
import io.github.blip2j.tensor.Tensor;
import io.github.blip2j.tensor.types.Precision;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Objects;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/**
 * Adapters of peft 0.21 on language models and Q-Formers: logits, loss and gradients while they
 * train, and the logits of the merged model.
 *
 * <p>Tolerances: 2e-4 for logits, 1e-5 of the loss, those of {@link GoldenGradients} for the rest.
 */
final class PeftParityTest {
  private static final double LOGITS = 2e-4;
  private static final double LOSS = 1e-5;
  private static final String GRADIENTS = "grad.";
  private static final String ROOT = "base_model.model.";

  @TempDir Path folder;

  private static Path adapter(String name) {
    return Fixtures.own("peft").resolve(name);
  }

  private static StageTwoModel model(String name, Scope home) throws IOException {
    LoraSettings settings = LoraSettings.of(adapter(name));
    Tuning tuning = Tuning.NONE.withFrozen(List.of("*")).withLora(settings);
    return StageTwoModel.load(Fixtures.own(name), home, StageTwoSetup.lavis().with(tuning));
  }

  @ParameterizedTest(name = "{0}")
  @ValueSource(strings = {"hf-opt", "hf-t5", "hf-blip2-llama"})
  void continued_logitsLossAndGradients_equalPeft(String name) throws IOException {
    try (Scope home = Scope.detached();
        var inputs = Golden.open(Fixtures.own(name));
        var golden = Golden.open(adapter(name));
        var scope = Scope.open()) {
      StageTwoModel model = model(name, home);
      TrainingTexts texts = TrainingTexts.of(inputs, model.blip2());
      ForwardPass pass = ForwardPass.evaluation();

      Tensor prompt = model.imagePrompt(inputs.get("pixel_values"), pass);
      Tensor loss = model.blip2().loss(prompt, texts.batch(), texts.labels(), pass);
      loss.backward();

      assertLogits(golden, model.blip2(), texts, prompt);
      double expected = golden.get("loss").item();
      golden.assertWithin("loss", "loss", Math.abs(loss.item() / expected - 1), LOSS);
      var gradients = GoldenGradients.of(golden, GRADIENTS);
      LoraLayers lora = Objects.requireNonNull(model.lora());
      lora.adapted()
          .forEach(
              (module, weight) -> {
                LowRankUpdate update = Objects.requireNonNull(weight.update());
                assertNull(weight.gradient());
                assertGradient(gradients, module + ".lora_A.weight", update.a());
                assertGradient(gradients, module + ".lora_B.weight", update.b());
              });
      gradients.assertNoneLeft();
    }
  }

  private static void assertGradient(GoldenGradients gradients, String name, Parameter factor) {
    assertNotNull(factor.gradient(), name);
    gradients.assertClose(ROOT + name, Objects.requireNonNull(factor.gradient()));
  }

  private static void assertLogits(
      Golden golden, Blip2Model model, TrainingTexts texts, Tensor prompt) throws IOException {
    Tensor logits = texts.logits(model, prompt);
    Tensor expected = golden.get("logits");
    int[][] mask = texts.counted(model);
    for (int b = 0; b < mask.length; b++) {
      for (int t = 0; t < mask[b].length; t++) {
        if (mask[b][t] == 1) { // padding's own scores mean nothing
          golden.assertClose(
              "logits[" + b + ", " + t + "]",
              "logits",
              expected.select(0, b).select(0, t).toFloats(),
              logits.select(0, b).select(0, t).toFloats(),
              LOGITS);
        }
      }
    }
  }

  @ParameterizedTest(name = "{0}")
  @ValueSource(strings = {"hf-opt", "hf-t5", "hf-blip2-llama"})
  void merged_exportedOrByFiles_hasTheLogitsOfTheAdapter(String name) throws IOException {
    Path exported = folder.resolve("exported");
    Path merged = folder.resolve("merged");
    try (Scope home = Scope.detached()) {
      new StageTwoExport(model(name, home)).toHuggingFace(exported);
    }
    LoraMerge.merge(Fixtures.own(name), adapter(name), merged);

    for (Path each : List.of(exported, merged)) {
      try (Scope home = Scope.detached();
          var inputs = Golden.open(Fixtures.own(name));
          var golden = Golden.open(adapter(name));
          var scope = Scope.open()) {
        StageTwoModel model = StageTwoModel.load(each, home, StageTwoSetup.lavis());
        Tensor prompt = model.imagePrompt(inputs.get("pixel_values"), ForwardPass.evaluation());
        assertLogits(golden, model.blip2(), TrainingTexts.of(inputs, model.blip2()), prompt);
      }
    }
  }

  @Test
  void merged_again_isRefusedAndAnotherIsNot() throws IOException {
    Path exported = folder.resolve("exported");
    Path merged = folder.resolve("merged");
    Path written = folder.resolve("written");
    Path other = folder.resolve("other");
    try (Scope home = Scope.detached()) {
      StageTwoModel model = model("hf-opt", home);
      new StageTwoExport(model).toHuggingFace(exported);
      new StageTwoExport(model).toPeft(written, "");
    }
    try (Scope home = Scope.detached()) {
      Tuning tuning = Tuning.NONE.withFrozen(List.of("*")).withLora(LoraSettings.of("q_proj"));
      var another =
          StageTwoModel.load(Fixtures.own("hf-opt"), home, StageTwoSetup.lavis().with(tuning));
      new StageTwoExport(another).toPeft(other, "");
    }
    LoraMerge.merge(Fixtures.own("hf-opt"), adapter("hf-opt"), merged);
    LoraMerge.merge(merged, other, folder.resolve("both")); // keeps the first in the list

    for (Path model : List.of(exported, merged, folder.resolve("both"))) {
      for (Path adapter : List.of(adapter("hf-opt"), written)) { // the same tensors, other files
        Path target = folder.resolve("again");
        var refused =
            assertThrows(
                CheckpointException.class,
                () -> LoraMerge.merge(model, adapter, target),
                model::toString);
        assertEquals(
            model
                + ": model without the adapter in "
                + adapter
                + " expected, got one that it is merged into (blip2j_merged_adapters of config.json);"
                + " leave the adapter out, or name the model it was trained on",
            refused.getMessage());
        assertFalse(Files.exists(target));
      }
    }
    LoadOptions twice = LoadOptions.of(Precision.FLOAT32).withAdapter(written);
    assertThrows(CheckpointException.class, () -> Blip2.load(merged, twice).close());
  }

  @ParameterizedTest(name = "{0}")
  @ValueSource(strings = {"hf-opt", "hf-t5", "hf-blip2-llama"})
  void toPeft_untrained_writesTheSameTensors(String name) throws IOException {
    try (Scope home = Scope.detached()) {
      new StageTwoExport(model(name, home)).toPeft(folder, name);
    }

    String file = "adapter_model.safetensors";
    try (Checkpoint expected = Checkpoint.open(adapter(name).resolve(file));
        Checkpoint written = Checkpoint.open(folder.resolve(file))) {
      assertEquals(expected.tensors().keySet(), written.tensors().keySet());
      for (String tensor : expected.tensors().keySet()) {
        assertArrayEquals(bytes(expected, tensor), bytes(written, tensor), tensor);
      }
    }
    assertEquals(LoraSettings.of(adapter(name)).targets(), LoraSettings.of(folder).targets());
    assertEquals(LoraSettings.of(adapter(name)).scale(), LoraSettings.of(folder).scale());
  }

  private static byte[] bytes(Checkpoint from, String tensor) throws IOException {
    long size = Objects.requireNonNull(from.tensors().get(tensor)).byteSize();
    ByteBuffer bytes = ByteBuffer.allocate(Math.toIntExact(size));
    from.read(tensor, bytes);
    return bytes.array();
  }
}
