package io.github.blip2j.pretraining;

import static java.util.Objects.requireNonNull;
import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.github.blip2j.blip2.checkpoint.Conversion;
import io.github.blip2j.blip2.checkpoint.RetrievalLoader;
import io.github.blip2j.blip2.checkpoint.files.TensorCopy;
import io.github.blip2j.blip2.model.Blip2RetrievalConfig;
import io.github.blip2j.blip2.model.Blip2RetrievalModel;
import io.github.blip2j.golden.Fixtures;
import io.github.blip2j.io.Checkpoint;
import io.github.blip2j.io.file.CheckpointException;
import io.github.blip2j.io.tensor.TensorEntry;
import io.github.blip2j.io.torch.TorchWriter;
import io.github.blip2j.tensor.Scope;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.SplittableRandom;
import java.util.function.UnaryOperator;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** A first stage from the tower of one small model and the BERT of another. */
final class StageOnePartsTest {
  private static final Path LAVIS = Fixtures.own("lavis-stage1");
  private static final Path BERT = Fixtures.own("hf-bert");
  private static final String TOWER = "visual_encoder.";

  @TempDir private Path folder;
  private final Scope home = Scope.detached();

  @AfterEach
  void close() {
    home.close();
  }

  @Test
  void load_towerOfLavis_takesItWholeAndGrowsTheBert() throws IOException {
    Blip2RetrievalModel model = load(LAVIS, UnaryOperator.identity());

    Blip2RetrievalModel original = RetrievalLoader.load(LAVIS, home);
    assertEquals(original.config().vision(), model.config().vision());
    assertTowersAlike(original, model, original.vision().layers());
    assertEquals(253, model.config().qformer().bert().vocabSize());
    assertEquals(252, model.config().qformer().startId());
    assertEquals(32, model.config().qformer().queryTokens());
    assertEquals(0.07, model.qformer().temperature().item(), 1e-7);
    try (Checkpoint bert = Checkpoint.open(BERT)) {
      TensorEntry words =
          requireNonNull(bert.tensors().get("bert.embeddings.word_embeddings.weight"));
      float[] grown = values(model, "qformer.embeddings.words.weight");
      assertEquals(words.shape().size() + 36, grown.length);
    }
    assertArrayEquals(
        values(model, "qformer.layers.1.textMlp.up.weight"),
        values(model, "qformer.layers.1.queryMlp.up.weight"));
    assertArrayEquals(new float[48], values(model, "visionNorm.bias"));
  }

  @Test
  void load_towerOfHuggingFace_isTheSame() throws IOException {
    Conversion.toHuggingFace(LAVIS.resolve("checkpoint.pth"), folder);

    Blip2RetrievalModel model = StageOneParts.of(folder, BERT).load(home, new Random(1));

    assertTowersAlike(RetrievalLoader.load(LAVIS, home), model, 3);
  }

  @Test
  void load_fileOfATowerAlone_dropsItsLastBlock() throws IOException {
    Blip2RetrievalModel model = load(writeTower(""), UnaryOperator.identity());

    assertEquals(2, model.vision().layers());
    assertTowersAlike(RetrievalLoader.load(LAVIS, home), model, 2);
  }

  @Test
  void load_partWithAnAdapter_isRefused() throws IOException {
    Files.writeString(folder.resolve("adapter_config.json"), "{}");

    for (String part : List.of("vision encoder", "BERT")) {
      boolean first = part.equals("vision encoder");
      var parts = StageOneParts.of(first ? folder : LAVIS, first ? BERT : folder);
      var e =
          assertThrows(CheckpointException.class, () -> parts.load(home, new SplittableRandom(1)));
      assertEquals(
          folder
              + ": "
              + part
              + " expected without an adapter, got adapter_config.json; merge it first, by blip2"
              + " convert --merge-lora (LoraMerge), or in Python (merge_and_unload) if the model is"
              + " a part of a BLIP-2",
          e.getMessage());
    }
  }

  @Test
  void load_towerThatLacksATensor_isRefused() throws IOException {
    Path tower = writeTower("blocks.1.mlp.fc1.bias");

    var e = assertThrows(CheckpointException.class, () -> load(tower, UnaryOperator.identity()));

    assertEquals(
        tower
            + " and "
            + BERT
            + ": tensors expected to fit the configuration, got 1 missing"
            + " (vision.layers.1.mlp.up.bias (looked for as blocks.1.mlp.fc1.bias))",
        e.getMessage());
  }

  @Test
  void load_picturesOfAnotherSize_interpolatesPositions() throws IOException {
    Blip2RetrievalModel model =
        load(LAVIS, config -> config.withVision(config.vision().withImageSize(48)));

    assertEquals(37 * 48, values(model, "vision.positions").length);
  }

  @Test
  void load_sameSeed_drawsTheSame() throws IOException {
    assertArrayEquals(
        values(load(LAVIS, UnaryOperator.identity()), "queries"),
        values(load(LAVIS, UnaryOperator.identity()), "queries"));
  }

  @Test
  void load_otherSizes_areThoseOfTheModel() throws IOException {
    Blip2RetrievalModel model =
        load(
            LAVIS,
            config ->
                config.withQformer(
                    config
                        .qformer()
                        .withBert(config.qformer().bert().withCrossAttentionEvery(1))
                        .withQueryTokens(5)
                        .withProjectionDim(7)
                        .withMaxTextTokens(9)));

    int width = model.config().qformer().bert().dim();
    assertEquals(5 * width, values(model, "queries").length);
    assertEquals(7 * width, values(model, "textProjection.weight").length);
    assertEquals(9, model.config().qformer().maxTextTokens());
    for (int layer = 0; layer < model.config().qformer().bert().layers(); layer++) {
      String name = "qformer.layers." + layer + ".imageAttention.query.weight";
      assertTrue(model.parameters().containsKey(name), name);
    }
  }

  @Test
  void load_fromScratch_drawsTheQformerInAnySize() throws IOException {
    Path sizes = Files.createDirectories(folder.resolve("sizes"));
    Files.copy(BERT.resolve("config.json"), sizes.resolve("config.json")); // and no weights
    StageOneParts parts =
        StageOneParts.of(LAVIS, sizes)
            .withQformerFromScratch()
            .withSizes(
                config ->
                    config.withQformer(
                        config
                            .qformer()
                            .withBert(config.qformer().bert().withLayers(3, 40, 5, 60))));

    Blip2RetrievalModel model = parts.load(home, new Random(1));
    Blip2RetrievalModel again = parts.load(home, new Random(1));

    assertTowersAlike(RetrievalLoader.load(LAVIS, home), model, model.vision().layers());
    float[] query = values(model, "qformer.layers.2.attention.query.weight");
    assertEquals(40 * 40, query.length);
    assertEquals(60 * 40, values(model, "qformer.layers.0.textMlp.up.weight").length);
    double squares = 0;
    for (float value : query) {
      squares += value * value;
    }
    assertEquals(0.02, Math.sqrt(squares / query.length), 0.001);
    assertArrayEquals(query, values(again, "qformer.layers.2.attention.query.weight"));
  }

  private Blip2RetrievalModel load(Path tower, UnaryOperator<Blip2RetrievalConfig> change)
      throws IOException {
    return StageOneParts.of(tower, BERT).withSizes(change).load(home, new Random(1));
  }

  private static void assertTowersAlike(
      Blip2RetrievalModel expected, Blip2RetrievalModel model, int layers) {
    int compared = 0;
    for (String name : model.parameters().keySet()) {
      boolean stored = expected.parameters().containsKey(name); // a folder has biases of keys too
      if (name.startsWith("vision.") && stored) {
        assertArrayEquals(values(expected, name), values(model, name), name);
        compared++;
      }
    }
    assertTrue(compared >= 4 + 14 * layers, "compared " + compared);
  }

  private static float[] values(Blip2RetrievalModel model, String name) {
    return requireNonNull(model.parameters().get(name), name).value().toFloats();
  }

  /** The tower as a file of its own, with heads told beside it. */
  private Path writeTower(String without) throws IOException {
    Path file = folder.resolve("eva.pth");
    Files.copy(LAVIS.resolve("model.json"), folder.resolve("model.json"));
    try (Checkpoint from = Checkpoint.open(LAVIS.resolve("checkpoint.pth"))) {
      List<TensorCopy> copies = new ArrayList<>();
      for (TensorEntry entry : from.tensors().values()) {
        String name = entry.name();
        if (name.startsWith(TOWER) && !name.equals(TOWER + without)) {
          copies.add(TensorCopy.whole(name.substring(TOWER.length()), entry));
        }
      }
      try (var writer = TorchWriter.create(file, copies.stream().map(TensorCopy::spec).toList())) {
        for (TensorCopy copy : copies) {
          copy.write(from, writer::write);
        }
      }
    }
    return file;
  }
}
