package io.github.blip2j.blip2;

import static java.util.Objects.requireNonNull;
import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.github.blip2j.autograd.GradMode;
import io.github.blip2j.golden.Fixtures;
import io.github.blip2j.io.Checkpoint;
import io.github.blip2j.io.CheckpointException;
import io.github.blip2j.nn.Parameter;
import io.github.blip2j.nn.Pass;
import io.github.blip2j.tensor.Precision;
import io.github.blip2j.tensor.Scope;
import io.github.blip2j.tensor.Tensor;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.function.Executable;
import org.junit.jupiter.api.io.TempDir;

/** A second stage from a first and a plain language model, and what is written of it. */
final class StageTwoPartsTest {
  private static final Path LAVIS = Fixtures.own("lavis-stage1");
  private static final Path HF_ITM = Fixtures.own("hf-itm");

  private final Path folder;
  private final Scope home = Scope.detached();

  StageTwoPartsTest(@TempDir Path folder) {
    this.folder = folder;
  }

  @AfterEach
  void close() {
    home.close();
  }

  @Test
  void load_stageOneOfLavis_takesItsQFormerAndDrawsTheProjection() throws IOException {
    StageTwoModel model = load(LAVIS, 1);
    StageOneModel first = StageOneModel.load(LAVIS, home);

    assertAlike(first, "queries", model, "queryTokens");
    assertAlike(first, "visionNorm.weight", model, "visionNorm.weight");
    assertAlike(first, "vision.positions", model, "vision.positions");
    for (String name : model.parameters().keySet()) {
      if (name.startsWith("qformer.")) {
        assertAlike(first, name, model, name);
      }
    }
    float[] drawn = values(model, "projection.weight");
    double bound = 1 / Math.sqrt(model.blip2().config().qformer().dim());
    for (float each : drawn) {
      assertTrue(Math.abs(each) <= bound);
    }
    assertArrayEquals(drawn, values(load(LAVIS, 1), "projection.weight"));
    assertFalse(Arrays.equals(drawn, values(load(LAVIS, 2), "projection.weight")));
  }

  @Test
  void load_stageOneOfHuggingFace_takesItsTower() throws IOException {
    StageTwoModel model = load(HF_ITM, 1);

    StageOneModel first = StageOneModel.load(HF_ITM, home);
    assertAlike(
        first,
        "vision.layers.1.attention.key.weight",
        model,
        "vision.layers.1.attention.key.weight");
    assertAlike(first, "queries", model, "queryTokens");
    assertEquals(424, model.blip2().language().vocabSize());
  }

  @Test
  void toHuggingFace_afterATouch_isTheModelAgain() throws IOException {
    StageTwoModel model = load(LAVIS, 1);
    touch(model);
    Path hf = folder.resolve("hf");

    new StageTwoExport(model).toHuggingFace(hf);

    StageTwoModel again = StageTwoModel.load(hf, home, StageTwoSetup.lavis());
    for (Parameter each : model.parameters().values()) {
      assertArrayEquals(each.value().toFloats(), values(again, each.name()), each.name());
    }
    assertSamePrompt(model, again);
    try (Blip2 blip2 = Blip2.load(hf)) {
      blip2.caption(Fixture.pictures().get(0));
    }
  }

  @Test
  void toHuggingFace_ofAFolder_changesNothingButWhatLearns() throws IOException {
    StageTwoModel model =
        StageTwoModel.load(Fixture.HF_OPT, home, StageTwoSetup.lavis().withFrozen(Precision.INT8));
    touch(model);
    Path hf = folder.resolve("hf");

    new StageTwoExport(model).toHuggingFace(hf);

    int changed = 0;
    try (Checkpoint before = Checkpoint.open(Fixture.HF_OPT);
        Checkpoint after = Checkpoint.open(hf)) {
      assertEquals(before.tensors().keySet(), after.tensors().keySet());
      for (String name : after.tensors().keySet()) {
        boolean learns = !name.startsWith("vision_model.e") && !name.startsWith("language_model");
        boolean same = bytes(before, name).equals(bytes(after, name));
        assertTrue(learns || same, name);
        changed += same ? 0 : 1;
      }
    }
    assertEquals(1, changed, "the touched queries");
  }

  @Test
  void toHuggingFace_withATowerThatItLacks_isRefusedAndWritesNothing() throws IOException {
    var export = new StageTwoExport(load(Fixtures.own("lavis-stage1-clip"), 1));
    Path hf = folder.resolve("hf");

    for (Executable tried :
        List.<Executable>of(export::requireHuggingFace, () -> export.toHuggingFace(hf))) {
      var e = assertThrows(CheckpointException.class, tried);
      assertEquals(
          "export: tower of Hugging Face expected to be EVA's, got CLIP; export for LAVIS",
          e.getMessage());
    }
    assertFalse(Files.exists(hf));
  }

  @Test
  void toLavis_whatLearns_hasItsNames() throws IOException {
    StageTwoModel model = StageTwoModel.load(Fixture.HF_OPT, home, StageTwoSetup.lavis());

    Path file = new StageTwoExport(model).toLavis(folder.resolve("lavis"));

    try (Checkpoint written = Checkpoint.open(file)) {
      for (String name : written.tensors().keySet()) {
        assertTrue(
            name.startsWith("Qformer.bert.")
                || name.startsWith("opt_proj.")
                || name.startsWith("ln_vision.")
                || name.equals("query_tokens"),
            name);
      }
      assertTrue(written.tensors().containsKey("opt_proj.weight"));
      assertTrue(
          written
              .tensors()
              .containsKey("Qformer.bert.encoder.layer.0.crossattention.self.query.weight"));
      assertEquals(
          model.parameters().values().stream().filter(Parameter::isTrained).count(),
          written.tensors().size());
    }
  }

  @Test
  void toLavis_withItsTower_splitsTheBiasOfItsInputs() throws IOException {
    StageTwoModel model =
        StageTwoModel.load(Fixture.HF_OPT, home, StageTwoSetup.lavis().withTrainedVision(true));

    Path file = new StageTwoExport(model).toLavis(folder.resolve("lavis"));

    try (Checkpoint written = Checkpoint.open(file)) {
      String attention = "visual_encoder.blocks.0.attn.";
      assertEquals(
          "[192, 64]",
          requireNonNull(written.tensors().get(attention + "qkv.weight")).shape().toString());
      assertEquals(
          "[64]", requireNonNull(written.tensors().get(attention + "v_bias")).shape().toString());
    }
  }

  @Test
  void load_checkpointOfARun_isRefused() throws IOException {
    Path file = Files.createFile(folder.resolve("step-00000010.safetensors"));

    var e =
        assertThrows(
            CheckpointException.class,
            () -> StageTwoParts.load(file, folder, home, StageTwoSetup.lavis(), 1));

    assertEquals(
        file
            + ": first stage expected whole, got a file without its tower or sizes; give the run's"
            + " command again with --resume --export lavis",
        e.getMessage());
  }

  @Test
  void load_languageFolderOfABlip2_isRefused() {
    var e =
        assertThrows(
            CheckpointException.class,
            () -> StageTwoParts.load(LAVIS, Fixture.HF_OPT, home, StageTwoSetup.lavis(), 1));

    assertEquals(
        "config.json: model_type expected opt or t5, got blip-2; name the folder of a plain language"
            + " model",
        e.getMessage());
  }

  private StageTwoModel load(Path stageOne, long seed) throws IOException {
    Path language = PlainLanguage.write(Fixture.HF_OPT, folder.resolve("opt"));
    return StageTwoParts.load(stageOne, language, home, StageTwoSetup.lavis(), seed);
  }

  /** A trained parameter moves. */
  private static void touch(StageTwoModel model) {
    try (Scope scope = Scope.open();
        var off = GradMode.noGrad()) {
      Tensor queries = requireNonNull(model.parameters().get("queryTokens")).value();
      queries.copyInPlace(queries.detach().mul(1.5));
    }
  }

  private static void assertSamePrompt(StageTwoModel expected, StageTwoModel actual)
      throws IOException {
    try (Scope scope = Scope.open();
        var off = GradMode.noGrad()) {
      Tensor pixels = expected.processor().tensor(Fixture.images());
      Tensor again = actual.processor().tensor(Fixture.images());
      assertArrayEquals(
          expected.imagePrompt(pixels, Pass.evaluation()).toFloats(),
          actual.imagePrompt(again, Pass.evaluation()).toFloats());
    }
  }

  private static void assertAlike(
      StageOneModel first, String name, StageTwoModel second, String as) {
    assertArrayEquals(
        requireNonNull(first.parameters().get(name), name).value().toFloats(),
        values(second, as),
        as);
  }

  private static float[] values(StageTwoModel model, String name) {
    return requireNonNull(model.parameters().get(name), name).value().toFloats();
  }

  private static ByteBuffer bytes(Checkpoint from, String name) throws IOException {
    var entry = requireNonNull(from.tensors().get(name), name);
    var bytes = ByteBuffer.allocate(Math.toIntExact(entry.byteSize()));
    from.read(name, bytes);
    return bytes.flip();
  }
}
