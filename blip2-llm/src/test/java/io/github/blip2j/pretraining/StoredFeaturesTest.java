package io.github.blip2j.pretraining;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.github.blip2j.backend.AdamWRule;
import io.github.blip2j.backend.Threads;
import io.github.blip2j.blip2.checkpoint.RetrievalLoader;
import io.github.blip2j.blip2.model.Blip2RetrievalModel;
import io.github.blip2j.data.DataException;
import io.github.blip2j.data.shard.Tar;
import io.github.blip2j.golden.Fixtures;
import io.github.blip2j.io.file.CheckpointException;
import io.github.blip2j.io.safetensors.SafetensorsWriter;
import io.github.blip2j.io.tensor.TensorSpec;
import io.github.blip2j.nn.ForwardPass;
import io.github.blip2j.optim.AdamW;
import io.github.blip2j.optim.ParameterGroup;
import io.github.blip2j.optim.Schedule;
import io.github.blip2j.optim.Warmup;
import io.github.blip2j.pretraining.features.ImageList;
import io.github.blip2j.pretraining.features.PatchFile;
import io.github.blip2j.pretraining.features.PatchWriter;
import io.github.blip2j.pretraining.features.Tower;
import io.github.blip2j.tensor.Scope;
import io.github.blip2j.tensor.Tensor;
import io.github.blip2j.tensor.types.DType;
import io.github.blip2j.tensor.types.Shape;
import io.github.blip2j.text.HuggingFaceTokenizer;
import io.github.blip2j.training.StepReport;
import io.github.blip2j.training.Trainer;
import io.github.blip2j.training.TrainingListener;
import io.github.blip2j.training.TrainingSettings;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** First stages on stored features, beside those with the vision encoder in the loop. */
final class StoredFeaturesTest {
  private final Path folder;
  private final int threads = Threads.count();

  StoredFeaturesTest(@TempDir Path folder) {
    this.folder = folder;
  }

  @BeforeEach
  void oneThread() {
    Threads.use(1);
  }

  @AfterEach
  void asBefore() {
    Threads.use(threads);
  }

  private Path written(PatchWriter writer, @Nullable Integer imageSize) throws IOException {
    Path file = folder.resolve("patches.safetensors");
    try (Scope home = Scope.detached()) {
      Tower tower = Tower.load(Scenes.MODEL, imageSize, home);
      writer.write(file, tower, ImageList.of(images()), done -> {});
    }
    return file;
  }

  private static Map<String, Path> images() {
    Map<String, Path> images = new LinkedHashMap<>();
    for (int i = 0; i < 8; i++) {
      images.put(i + ".png", Scenes.IMAGES.resolve(i + ".png"));
    }
    return images;
  }

  @Test
  void train_storedInFloat32_endsWithTheSameBits() throws IOException {
    Path file = written(PatchWriter.whole(), null);

    List<Double> looped = train("loop", null);
    List<Double> stored = train("stored", file);

    assertEquals(looped, stored);
    String last = "step-00000005.safetensors";
    assertArrayEquals(
        Files.readAllBytes(folder.resolve("loop").resolve(last)),
        Files.readAllBytes(folder.resolve("stored").resolve(last)));
  }

  /** The scenes in two shards, and once more with their records. */
  private CaptionSet mixed(String folderOfShards) throws IOException {
    Path shards = Files.createDirectories(folder.resolve(folderOfShards));
    for (int shard = 0; shard < 2; shard++) {
      var tar = new Tar();
      for (int i = 4 * shard; i < 4 * shard + 4; i++) {
        tar.add(i + ".png", Files.readAllBytes(Scenes.IMAGES.resolve(i + ".png")));
        tar.add(i + ".txt", Scenes.CAPTIONS.get(i));
      }
      tar.write(shards.resolve(shard + ".tar"));
    }
    String names = shards + "/{0..1}.tar," + Scenes.captions(folder);
    return CaptionSet.parse(names, Scenes.IMAGES, CaptionSet.Faulty.REFUSE, 3);
  }

  @Test
  void batches_ofShardsAndFiles_areWhatTheEncoderSees() throws IOException {
    CaptionSet set = mixed("shards");
    Path file = folder.resolve("patches.safetensors");
    try (Scope home = Scope.detached();
        Scope scope = Scope.open()) {
      Tower tower = Tower.load(Scenes.MODEL, null, home);
      PatchWriter.whole().write(file, tower, set.images(), done -> {});
      CaptionBatches plain = CaptionBatches.of(set, Scenes.processor(), 4, 42);
      try (PatchFile patches = PatchFile.open(file);
          var looped = plain.open(1, 0);
          var stored = plain.with(patches).open(1, 0)) {
        List<CaptionBatch> expected = looped.toList();
        List<CaptionBatch> got = stored.toList();
        assertEquals(4, expected.size());
        assertEquals(expected.size(), got.size());
        for (int i = 0; i < got.size(); i++) {
          assertEquals(expected.get(i).ids(), got.get(i).ids());
          assertEquals(expected.get(i).captions(), got.get(i).captions());
          Tensor seen = tower.encoder().forward(expected.get(i).pixels(), ForwardPass.evaluation());
          assertArrayEquals(seen.toFloats(), got.get(i).pixels().toFloats(), 1e-5f);
        }
      }
    }
  }

  @Test
  void images_ofShardsWithOneName_areRefused() throws IOException {
    mixed("one");
    mixed("other");
    String names = folder + "/one/0.tar," + folder + "/other/0.tar";
    CaptionSet set = CaptionSet.parse(names, Scenes.IMAGES, CaptionSet.Faulty.REFUSE, 3);

    assertEquals(
        "data: shards expected whose file names differ, got 0.tar: sample 1 twice; rename one",
        assertThrows(DataException.class, set::images).getMessage());
  }

  @Test
  void with_aShardThatChanged_isRefused() throws IOException {
    CaptionSet set = mixed("shards");
    Path file = folder.resolve("patches.safetensors");
    try (Scope home = Scope.detached()) {
      Tower tower = Tower.load(Scenes.MODEL, null, home);
      PatchWriter.whole().write(file, tower, set.images(), done -> {});
    }
    Path shard = folder.resolve("shards/1.tar");
    new Tar()
        .add("0.png", Files.readAllBytes(Scenes.IMAGES.resolve("0.png")))
        .add("0.txt", "a cross")
        .write(shard);
    CaptionSet changed =
        CaptionSet.parse(shard.toString(), Scenes.IMAGES, CaptionSet.Faulty.REFUSE, 3);
    CaptionBatches batches = CaptionBatches.of(changed, Scenes.processor(), 1, 42);

    try (PatchFile patches = PatchFile.open(file)) {
      String message =
          String.valueOf(
              assertThrows(DataException.class, () -> batches.with(patches)).getMessage());
      assertTrue(message.contains("1.tar: sample 1 expected as it was, "), message);
    }
  }

  @Test
  void train_storedInBfloat16_followsWithinItsRounding() throws IOException {
    Path file = written(PatchWriter.whole().withType(DType.BFLOAT16), null);

    List<Double> looped = train("loop", null);
    List<Double> stored = train("stored", file);

    for (int i = 0; i < looped.size(); i++) {
      assertEquals(looped.get(i), stored.get(i), 0.02 * looped.get(i));
    }
    assertFalse(looped.equals(stored));
  }

  @Test
  void read_views_differAndAreThoseOfTheSeed() throws IOException {
    Path file = written(PatchWriter.whole().withViews(3, 5), null);
    byte[] first = Files.readAllBytes(file);
    try (PatchFile patches = PatchFile.open(file);
        Scope scope = Scope.open()) {
      assertEquals(3, patches.views());
      float[] one = patches.read("2.png", 0).toFloats();
      float[] other = patches.read("2.png", 1).toFloats();
      assertFalse(Arrays.equals(one, other));
    }
    assertArrayEquals(
        first, Files.readAllBytes(written(PatchWriter.whole().withViews(3, 5), null)));
    train("views", file);
  }

  @Test
  void require_otherSizeOrModel_isRefused() throws IOException {
    Path large = written(PatchWriter.whole(), 48);
    try (Scope home = Scope.detached();
        PatchFile patches = PatchFile.open(large)) {
      patches.require(Tower.load(Scenes.MODEL, 48, home));
      assertRefused(
          patches, Tower.load(Scenes.MODEL, null, home), "expected of images of 32 pixels, got 48");
      Tower other = Tower.load(Fixtures.own("hf-opt"), 48, home);
      assertRefused(patches, other, "expected of this model's vision encoder (sum ");
    }
  }

  private static void assertRefused(PatchFile patches, Tower tower, String said) {
    String message =
        String.valueOf(
            assertThrows(CheckpointException.class, () -> patches.require(tower)).getMessage());
    assertTrue(message.contains(said), message);
  }

  @Test
  void require_otherData_isRefused() throws IOException {
    Path file = written(PatchWriter.whole(), null);
    try (PatchFile patches = PatchFile.open(file)) {
      assertTrue(
          String.valueOf(
                  assertThrows(
                          DataException.class,
                          () -> patches.require("x.png", Scenes.IMAGES.resolve("0.png")))
                      .getMessage())
              .contains("features expected of every image, got none of x.png"));
      Path changed = Files.write(folder.resolve("0.png"), new byte[3]);
      assertTrue(
          String.valueOf(
                  assertThrows(DataException.class, () -> patches.require("0.png", changed))
                      .getMessage())
              .contains("0.png expected as it was, "));
    }
  }

  @Test
  void open_otherFile_isRefused() {
    Path model = Fixtures.own("hf-opt").resolve("model.safetensors");
    assertTrue(
        String.valueOf(
                assertThrows(CheckpointException.class, () -> PatchFile.open(model)).getMessage())
            .contains("stored features expected, got a file without their list of images"));
  }

  @Test
  void open_damagedList_isRefused() throws IOException {
    Path file = folder.resolve("damaged.safetensors");
    try (var writer =
        SafetensorsWriter.create(
            file,
            List.of(new TensorSpec("patches", DType.FLOAT32, Shape.of(1, 1, 1, 1))),
            Map.of("blip2j.patches", "{\"views\": 1}"))) {
      writer.write("patches", ByteBuffer.allocate(4));
    }

    assertThrows(CheckpointException.class, () -> PatchFile.open(file));
  }

  @Test
  void of_equalViews_areRefused() {
    assertThrows(IllegalArgumentException.class, () -> new PatchWriter(DType.FLOAT32, 2, false, 0));
    assertThrows(IllegalArgumentException.class, () -> PatchWriter.whole().withType(DType.INT64));
  }

  private List<Double> train(String run, @Nullable Path features) throws IOException {
    List<Double> losses = new ArrayList<>();
    var listener =
        new TrainingListener() {
          @Override
          public void stepped(StepReport report) {
            losses.add(report.losses().get("loss"));
          }
        };
    var schedule = new Schedule.Constant(1e-3, new Warmup(1e-4, 2));
    var settings =
        TrainingSettings.of(folder.resolve(run), schedule)
            .withEpochs(9)
            .withMaxSteps(5)
            .withLogEvery(1);
    try (Scope home = Scope.detached();
        var tokenizer = HuggingFaceTokenizer.open(Scenes.MODEL)) {
      Blip2RetrievalModel model = RetrievalLoader.load(Scenes.MODEL, home);
      model.trainQformer();
      var training = StageOneTraining.of(model, tokenizer);
      CaptionBatches batches = Scenes.batches(folder, 3, 7);
      var groups = ParameterGroup.of(model.parameters().values(), 0.05);
      try (var optimizer = new AdamW(groups, AdamWRule.DEFAULT)) {
        if (features == null) {
          new Trainer<>(training, batches, optimizer, settings).start(listener);
        } else {
          try (PatchFile patches = PatchFile.open(features)) {
            patches.require(new Tower(model.vision(), Scenes.processor()));
            new Trainer<>(training, batches.with(patches), optimizer, settings).start(listener);
          }
        }
      }
    }
    return losses;
  }
}
