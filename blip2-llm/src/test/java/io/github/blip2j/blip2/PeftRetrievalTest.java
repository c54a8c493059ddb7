package io.github.blip2j.blip2;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotNull;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.github.blip2j.adapter.LoraAdapter;
import io.github.blip2j.adapter.LoraLayers;
import io.github.blip2j.adapter.LoraSettings;
import io.github.blip2j.blip2.checkpoint.LoraMerge;
import io.github.blip2j.blip2.checkpoint.RetrievalLoader;
import io.github.blip2j.blip2.checkpoint.WeightTypes;
import io.github.blip2j.blip2.checkpoint.files.PlainLanguage;
import io.github.blip2j.blip2.checkpoint.hf.MergedAdapters;
import io.github.blip2j.blip2.model.Blip2RetrievalModel;
import io.github.blip2j.golden.Fixtures;
import io.github.blip2j.golden.Golden;
import io.github.blip2j.golden.GoldenGradients;
import io.github.blip2j.io.Checkpoint;
import io.github.blip2j.io.file.CheckpointException;
import io.github.blip2j.nn.ForwardPass;
import io.github.blip2j.nn.LowRankUpdate;
import io.github.blip2j.nn.Parameter;
import io.github.blip2j.pretraining.StageOneExport;
import io.github.blip2j.pretraining.StageOneModel;
import io.github.blip2j.pretraining.StageOneSetup;
import io.github.blip2j.pretraining.StageTwoExport;
import io.github.blip2j.pretraining.StageTwoModel;
import io.github.blip2j.pretraining.StageTwoParts;
import io.github.blip2j.pretraining.StageTwoSetup;
import io.github.blip2j.pretraining.Tuning;
import io.github.blip2j.qformer.Blip2Qformer;
import io.github.blip2j.qformer.CrossAttentionKeyValues;
import io.github.blip2j.qformer.TextBatch;
import io.github.blip2j.qformer.objective.Features;
import io.github.blip2j.qformer.objective.Similarities;
import io.github.blip2j.tensor.Scope;
import io.github.blip2j.tensor.Tensor;
import io.github.blip2j.tensor.types.DType;
import io.github.blip2j.vision.image.ImageProcessor;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Objects;
import java.util.function.UnaryOperator;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/**
 * An adapter of peft 0.21 on transformers' {@code Blip2ForImageTextRetrieval}: matching logits,
 * similarities, a loss of both and its gradients, and the merged model.
 *
 * <p>Tolerances: 5e-5 for logits, 1e-5 of the loss, those of {@link GoldenGradients} for the rest.
 */
final class PeftRetrievalTest {
  private static final Path BASE = Fixtures.own("hf-itm");
  private static final Path ADAPTER = Fixtures.own("peft").resolve("hf-itm");
  private static final double LOGITS = 5e-5;
  private static final double LOSS = 1e-5;
  private static final String ROOT = "base_model.model.";
  private static final String FILE = "adapter_model.safetensors";

  @TempDir private Path folder;

  private static StageOneModel model(Scope home) throws IOException {
    Tuning tuning = Tuning.NONE.withFrozen(List.of("*")).withLora(LoraSettings.of(ADAPTER));
    return StageOneModel.load(
        BASE, home, UnaryOperator.identity(), StageOneSetup.lavis().with(tuning));
  }

  /** What the first stage computes of the folder's images and texts. */
  private record Results(Tensor match, Tensor contrast) {
    static Results of(Blip2RetrievalModel model, Golden inputs) {
      Blip2Qformer qformer = model.qformer();
      ForwardPass pass = ForwardPass.evaluation();
      TextBatch texts = texts(inputs);
      CrossAttentionKeyValues image =
          qformer.imageKeyValues(model.encodeImage(inputs.get("pixel_values"), pass));
      var features =
          new Features(
              qformer.imageFeatures(qformer.encodeQueries(image, pass)),
              qformer.textFeature(qformer.encodeText(texts, pass)));
      Tensor contrast =
          Similarities.of(features, features, Tensor.of(new float[] {1})).imageToText();
      return new Results(qformer.matchLogits(image, texts, pass), contrast);
    }

    private static TextBatch texts(Golden inputs) {
      Tensor ids = inputs.get("input_ids");
      Tensor mask = inputs.get("attention_mask");
      List<int[]> texts = new ArrayList<>();
      for (int b = 0; b < ids.dim(0); b++) {
        int length = Math.toIntExact(Arrays.stream(mask.select(0, b).toLongs()).sum());
        long[] all = ids.select(0, b).toLongs();
        texts.add(Arrays.stream(all).limit(length).mapToInt(Math::toIntExact).toArray());
      }
      return TextBatch.of(texts, 0);
    }

    Tensor loss() {
      Tensor labels = Tensor.of(new long[] {1, 0, 1}, 3);
      return match.crossEntropy(labels, 0).mean().add(contrast.mean());
    }

    void assertEqual(Golden golden) {
      golden.assertClose("logits", match, LOGITS);
      golden.assertClose("contrast", contrast, LOGITS);
    }
  }

  @Test
  void continued_logitsLossAndGradients_equalPeft() throws IOException {
    try (Scope home = Scope.detached();
        var inputs = Golden.open(BASE);
        var golden = Golden.open(ADAPTER);
        var scope = Scope.open()) {
      StageOneModel model = model(home);

      Results results = Results.of(model.retrieval(), inputs);
      Tensor loss = results.loss();
      loss.backward();

      results.assertEqual(golden);
      double expected = golden.get("loss").item();
      golden.assertWithin("loss", "loss", Math.abs(loss.item() / expected - 1), LOSS);
      var gradients = GoldenGradients.of(golden, "grad.");
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

  @Test
  void merged_byFiles_hasTheLogitsOfTheAdapter() throws IOException {
    Path merged = folder.resolve("merged");
    LoraMerge.merge(BASE, ADAPTER, merged);

    try (Scope home = Scope.detached();
        var inputs = Golden.open(BASE);
        var golden = Golden.open(ADAPTER);
        var scope = Scope.open()) {
      Results.of(RetrievalLoader.load(merged, home), inputs).assertEqual(golden);
    }
  }

  @Test
  void merged_again_isRefused() throws IOException {
    Path merged = folder.resolve("merged");
    Path exported = folder.resolve("exported");
    Path own = folder.resolve("own");
    LoraMerge.merge(BASE, ADAPTER, merged);
    try (Scope home = Scope.detached()) {
      var export = new StageOneExport(model(home), BASE);
      export.toHuggingFace(exported);
      export.toFolder(own, ImageProcessor.load(BASE));
    }

    assertEquals(MergedAdapters.in(exported), MergedAdapters.in(own));
    for (Path each : List.of(merged, exported)) {
      var refused =
          assertThrows(
              CheckpointException.class,
              () -> LoraMerge.merge(each, ADAPTER, folder.resolve("again")));
      assertTrue(
          String.valueOf(refused.getMessage()).contains("expected, got one that it is merged into"),
          refused.getMessage());
    }
  }

  @Test
  void merged_orBesideTheWeights_isListedByWhatIsWrittenFromThem() throws IOException {
    Path merged = folder.resolve("merged");
    Path beside = Files.createDirectory(folder.resolve("beside"));
    LoraMerge.merge(BASE, ADAPTER, merged);
    for (Path from : List.of(BASE, ADAPTER)) {
      copyFiles(from, beside);
    }
    List<String> expected = List.of(LoraAdapter.identityOf(ADAPTER));

    for (Path each : List.of(merged, beside)) {
      Path hf = folder.resolve(each.getFileName() + "-hf");
      Path own = folder.resolve(each.getFileName() + "-own");
      Path loaded = folder.resolve(each.getFileName() + "-loaded");
      try (Scope home = Scope.detached()) {
        var export =
            new StageOneExport(
                StageOneModel.load(each, home, UnaryOperator.identity(), StageOneSetup.lavis()),
                BASE);
        export.toHuggingFace(hf);
        export.toFolder(own, ImageProcessor.load(BASE));
        new StageOneExport(RetrievalLoader.load(each, home), BASE).toHuggingFace(loaded);
      }
      for (Path written : List.of(hf, own, loaded)) {
        assertEquals(expected, MergedAdapters.in(written), written.toString());
      }
    }
    WeightTypes.convert(merged, DType.BFLOAT16, folder.resolve("bfloat16"));
    assertEquals(expected, MergedAdapters.in(folder.resolve("bfloat16")));
  }

  @Test
  void merged_beforeTheSecondStage_isListedByIt() throws IOException {
    Path merged = folder.resolve("merged");
    LoraMerge.merge(BASE, ADAPTER, merged);
    Path language = PlainLanguage.write(Fixture.HF_OPT, folder.resolve("opt"));

    for (boolean own : List.of(false, true)) {
      Path first = folder.resolve("second-" + own);
      Path further = folder.resolve("further-" + own);
      try (Scope home = Scope.detached()) {
        var parts = StageTwoParts.of(merged, language);
        export(StageTwoModel.load(parts, home, StageTwoSetup.lavis()), own, first);
        export(StageTwoModel.load(first, home, StageTwoSetup.lavis()), own, further);
      }
      assertEquals(List.of(LoraAdapter.identityOf(ADAPTER)), MergedAdapters.in(first));
      assertEquals(List.of(LoraAdapter.identityOf(ADAPTER)), MergedAdapters.in(further));
    }
    copyFiles(ADAPTER, merged);
    try (Scope home = Scope.detached()) {
      var parts = StageTwoParts.of(merged, language);
      var refused =
          assertThrows(
              CheckpointException.class,
              () -> StageTwoModel.load(parts, home, StageTwoSetup.lavis()));
      assertTrue(
          String.valueOf(refused.getMessage())
              .startsWith(merged + ": first stage expected without an adapter, got "),
          refused.getMessage());
    }
  }

  private static void export(StageTwoModel model, boolean own, Path to) throws IOException {
    var export = new StageTwoExport(model);
    if (own) {
      export.toFolder(to);
    } else {
      export.toHuggingFace(to);
    }
  }

  private static void copyFiles(Path from, Path to) throws IOException {
    try (Stream<Path> files = Files.list(from)) {
      for (Path file : files.filter(Files::isRegularFile).toList()) {
        String name = String.valueOf(file.getFileName());
        if (!name.startsWith("expected")) {
          Files.copy(file, to.resolve(name));
        }
      }
    }
  }

  @Test
  void toPeft_untrained_writesTheSameTensors() throws IOException {
    try (Scope home = Scope.detached()) {
      new StageOneExport(model(home), BASE).toPeft(folder, "hf-itm");
    }

    try (Checkpoint expected = Checkpoint.open(ADAPTER.resolve(FILE));
        Checkpoint written = Checkpoint.open(folder.resolve(FILE))) {
      assertEquals(expected.tensors().keySet(), written.tensors().keySet());
      assertTrue(written.tensors().keySet().stream().noneMatch(name -> name.contains("cls")));
      for (String tensor : expected.tensors().keySet()) {
        assertEquals(bytes(expected, tensor), bytes(written, tensor), tensor);
      }
    }
    assertEquals(LoraSettings.of(ADAPTER).scale(), LoraSettings.of(folder).scale());
  }

  private static ByteBuffer bytes(Checkpoint from, String tensor) throws IOException {
    long size = Objects.requireNonNull(from.tensors().get(tensor)).byteSize();
    ByteBuffer bytes = ByteBuffer.allocate(Math.toIntExact(size));
    from.read(tensor, bytes);
    return bytes.flip();
  }
}
