package io.github.blip2j.pretraining;

import static java.util.Objects.requireNonNull;
import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.github.blip2j.autograd.GradMode;
import io.github.blip2j.blip2.checkpoint.Conversion;
import io.github.blip2j.blip2.checkpoint.RetrievalLoader;
import io.github.blip2j.blip2.model.Blip2RetrievalModel;
import io.github.blip2j.golden.Fixtures;
import io.github.blip2j.io.Checkpoint;
import io.github.blip2j.io.file.CheckpointException;
import io.github.blip2j.io.file.ConfigJson;
import io.github.blip2j.nn.Parameter;
import io.github.blip2j.tensor.Scope;
import io.github.blip2j.tensor.Tensor;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.function.Executable;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

final class StageOneExportTest {
  private static final Path LAVIS = Fixtures.own("lavis-stage1");

  private static final Path HF_ITM = Fixtures.own("hf-itm");

  @TempDir private Path folder;
  private final Scope home = Scope.detached();

  @AfterEach
  void close() {
    home.close();
  }

  @Test
  void toLavis_ofAnUntrainedModel_writesEveryByteOfTheOriginal() throws IOException {
    Blip2RetrievalModel model = RetrievalLoader.load(LAVIS, home);

    Path file = new StageOneExport(model, LAVIS).toLavis(folder, StageOneExport.Contents.ALL);

    try (Checkpoint written = Checkpoint.open(file);
        Checkpoint original = Checkpoint.open(LAVIS.resolve("checkpoint.pth"))) {
      assertEquals(original.tensors().keySet(), written.tensors().keySet());
      for (String name : original.tensors().keySet()) {
        assertEquals(bytes(original, name), bytes(written, name), name);
      }
    }
    ConfigJson sizes = ConfigJson.read(folder.resolve("model.json"));
    assertEquals(4, sizes.intAt("vision_heads"));
    assertEquals(4, sizes.intAt("bert_heads"));
    assertEquals(16, sizes.intAt("max_txt_len"));
    assertEquals(1e-5, sizes.doubleAt("ln_vision_eps"));
    assertTrue(Files.exists(folder.resolve("tokenizer.json")));
  }

  @Test
  void toLavis_trained_leavesTheTowerOut() throws IOException {
    Blip2RetrievalModel model = RetrievalLoader.load(LAVIS, home);
    model.trainQformer();

    Path file = new StageOneExport(model, LAVIS).toLavis(folder, StageOneExport.Contents.TRAINED);

    try (Checkpoint written = Checkpoint.open(file)) {
      assertTrue(
          written.tensors().keySet().stream().noneMatch(n -> n.startsWith("visual_encoder")));
      assertTrue(written.tensors().containsKey("ln_vision.weight"));
      assertTrue(written.tensors().containsKey("temp"));
    }
  }

  @Test
  void toHuggingFace_withATowerThatItLacks_isRefusedAndWritesNothing() throws IOException {
    Path clip = Fixtures.own("lavis-stage1-clip");
    var export = new StageOneExport(RetrievalLoader.load(clip, home), clip);
    Path hf = folder.resolve("hf");

    for (Executable tried :
        List.<Executable>of(export::requireHuggingFace, () -> export.toHuggingFace(hf))) {
      var e = assertThrows(CheckpointException.class, tried);
      assertEquals(
          "export: vision encoder expected to be EVA's, the one Hugging Face's BLIP-2 has, got CLIP;"
              + " export for LAVIS, or to a folder of this library (toFolder, --export blip2j)",
          e.getMessage());
    }
    assertFalse(Files.exists(hf));
  }

  @ParameterizedTest
  @ValueSource(booleans = {false, true})
  void toHuggingFace_thenLoaded_isTheSameModel(boolean keyBias) throws IOException {
    Blip2RetrievalModel model = RetrievalLoader.load(LAVIS, home);
    if (keyBias) { // as a folder of Hugging Face has them
      Path other = folder.resolve("other");
      new StageOneExport(model, LAVIS).toHuggingFace(other);
      model = RetrievalLoader.load(other, home);
      change(model, "vision.layers.1.attention.key.bias");
    }
    change(model, "queries");
    Path target = folder.resolve("target");

    new StageOneExport(model, LAVIS).toHuggingFace(target);

    Blip2RetrievalModel read = RetrievalLoader.load(target, home);
    for (Parameter parameter : model.parameters().values()) {
      Parameter again = requireNonNull(read.parameters().get(parameter.name()));
      assertArrayEquals(parameter.value().toFloats(), again.value().toFloats(), parameter.name());
    }
    try (Stream<Path> files = Files.list(target)) {
      assertEquals(
          List.of(
              "config.json",
              "lavis.safetensors",
              "model.safetensors",
              "preprocessor_config.json",
              "tokenizer.json",
              "tokenizer_config.json",
              "vocab.txt"),
          files.map(file -> String.valueOf(file.getFileName())).sorted().toList());
    }
  }

  /** The norm behind the tower has another epsilon in either format. */
  @Test
  void export_toTheOtherFormat_keepsTheEpsilon() throws IOException {
    Blip2RetrievalModel lavis = RetrievalLoader.load(LAVIS, home);
    Blip2RetrievalModel huggingFace = RetrievalLoader.load(HF_ITM, home);
    assertEquals(1e-5, eps(lavis));
    assertEquals(1e-6, eps(huggingFace));
    Path hf = folder.resolve("hf");
    Path back = folder.resolve("back");

    new StageOneExport(lavis, LAVIS).toHuggingFace(hf);
    Blip2RetrievalModel again = RetrievalLoader.load(hf, home);
    new StageOneExport(again, LAVIS).toLavis(back, StageOneExport.Contents.ALL);

    assertEquals(1e-5, eps(again));
    assertEquals(1e-5, eps(RetrievalLoader.load(back, home)));
    String told = "{\"vision_heads\": 4, \"bert_heads\": 4, \"ln_vision_eps\": 1e-6}";
    Files.writeString(back.resolve("model.json"), told);
    Path converted = folder.resolve("converted");
    Conversion.toHuggingFace(back.resolve(StageOneExport.LAVIS_FILE), converted);
    assertEquals(1e-6, eps(RetrievalLoader.load(back, home)));
    assertEquals(1e-6, eps(RetrievalLoader.load(converted, home)));
  }

  private static double eps(Blip2RetrievalModel model) {
    return model.config().qformer().visionNormEps();
  }

  @Test
  void toLavis_keyBiasThatIsNotZero_isKeptAndLeftUnread() throws IOException {
    Path other = folder.resolve("other");
    new StageOneExport(RetrievalLoader.load(LAVIS, home), LAVIS).toHuggingFace(other);
    Blip2RetrievalModel model = RetrievalLoader.load(other, home);
    change(model, "vision.layers.1.attention.key.bias");

    Path file = new StageOneExport(model, LAVIS).toLavis(folder, StageOneExport.Contents.ALL);

    try (Checkpoint written = Checkpoint.open(file)) {
      assertTrue(written.tensors().containsKey("visual_encoder.blocks.1.attn.k_bias"));
      assertFalse(written.tensors().containsKey("visual_encoder.blocks.0.attn.k_bias"));
    }
    assertEquals(3, RetrievalLoader.load(file, home).vision().layers());
  }

  private static void change(Blip2RetrievalModel model, String name) {
    Tensor value = requireNonNull(model.parameters().get(name), name).value();
    try (Scope scope = Scope.open();
        var off = GradMode.noGrad()) {
      value.copyInPlace(value.add(0.5));
    }
  }

  private static ByteBuffer bytes(Checkpoint checkpoint, String name) throws IOException {
    long size = requireNonNull(checkpoint.tensors().get(name)).byteSize();
    ByteBuffer bytes = ByteBuffer.allocate(Math.toIntExact(size));
    checkpoint.read(name, bytes);
    return bytes.flip();
  }
}
