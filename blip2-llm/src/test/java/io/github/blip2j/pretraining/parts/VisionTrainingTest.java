package io.github.blip2j.pretraining.parts;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.github.blip2j.blip2.checkpoint.lavis.VisionEncoderSource;
import io.github.blip2j.golden.Fixtures;
import io.github.blip2j.nn.ForwardPass;
import io.github.blip2j.pretraining.CaptionBatch;
import io.github.blip2j.qformer.BertInput;
import io.github.blip2j.qformer.BertModel;
import io.github.blip2j.tensor.Scope;
import io.github.blip2j.tensor.Tensor;
import io.github.blip2j.text.HuggingFaceTokenizer;
import io.github.blip2j.vision.VisionFamilies;
import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

final class VisionTrainingTest {
  private static final Path BERT = Fixtures.own("hf-bert");
  private static final List<String> CAPTIONS =
      List.of("a red circle", "a blue star above a square", "a red circle");

  @TempDir private Path folder;
  private final Scope home = Scope.detached();
  private Path drawn = Path.of("");

  @BeforeEach
  void draw() throws IOException {
    drawn = folder.resolve("drawn");
    new DrawnPart(Small.tower(folder, "blip_2_vision_model"), 1).vision(drawn);
  }

  @AfterEach
  void close() {
    home.close();
  }

  @Test
  void sentenceVector_isTheUnitMeanOfTheStates() throws IOException {
    try (var vectors = SentenceVectors.load(BERT, home);
        Scope scope = Scope.open()) {
      float[][] rows = vectors.of(CAPTIONS).toFloatRows();

      for (int i = 0; i < rows.length; i++) {
        assertArrayEquals(mean(CAPTIONS.get(i)), rows[i], 1e-6f);
      }
    }
  }

  private float[] mean(String text) throws IOException {
    BertModel bert = BertModel.load(BERT, home);
    try (var tokenizer = HuggingFaceTokenizer.open(BERT)) {
      int[] ids = tokenizer.encode(text);
      var input = BertInput.ofIds(Tensor.ids(ids).reshape(1, ids.length));
      float[] states = bert.forward(input, ForwardPass.evaluation()).toFloats();
      int width = states.length / ids.length;
      float[] mean = new float[width];
      for (int t = 0; t < ids.length; t++) {
        for (int i = 0; i < width; i++) {
          mean[i] += states[t * width + i];
        }
      }
      double squares = 0;
      for (float each : mean) {
        squares += each * each;
      }
      for (int i = 0; i < width; i++) {
        mean[i] /= (float) Math.sqrt(squares);
      }
      return mean;
    }
  }

  @Test
  void loss_isThatOfPlainLoops() throws IOException {
    try (var vectors = SentenceVectors.load(BERT, home);
        Scope scope = Scope.open()) {
      VisionPart part = VisionPart.load(drawn, vectors.width(), 8, home, new Random(2));
      CaptionBatch batch = batch();
      var pass = ForwardPass.evaluation();
      float[][] images = part.imageFeatures(batch.pixels(), pass).toFloatRows();
      float[][] texts = part.sentenceFeatures(vectors.of(CAPTIONS)).toFloatRows();

      double loss = new VisionTraining(part, vectors).losses(batch, pass).total().item();

      assertEquals((contrast(images, texts) + contrast(texts, images)) / 2, loss, 1e-5);
    }
  }

  /**
   * Cross-entropy with equal targets for rows 0 and 2, whose captions are equal; temperature 0.07.
   */
  private static double contrast(float[][] own, float[][] others) {
    double loss = 0;
    for (int b = 0; b < own.length; b++) {
      double sum = 0;
      double wanted = 0;
      double share = b == 1 ? 1 : 0.5;
      for (int j = 0; j < others.length; j++) {
        double dot = 0;
        for (int i = 0; i < own[b].length; i++) {
          dot += own[b][i] * others[j][i];
        }
        sum += Math.exp(dot / 0.07);
        wanted += (b == 1) == (j == 1) ? share * dot / 0.07 : 0;
      }
      loss += Math.log(sum) - wanted;
    }
    return loss / own.length;
  }

  @Test
  void everyParameterOfTheEncoderLearns_andTheExportIsRead() throws IOException {
    try (var vectors = SentenceVectors.load(BERT, home)) {
      VisionPart part = VisionPart.load(drawn, vectors.width(), 8, home, new Random(2));
      try (Scope scope = Scope.open()) {
        new VisionTraining(part, vectors)
            .losses(batch(), ForwardPass.training(new Random(3)))
            .total()
            .backward();
      }
      assertTrue(
          part.parameters().values().stream()
              .allMatch(each -> each.gradient() != null || each.name().endsWith("key.bias")));
      part.export(folder.resolve("trained"));
    }

    try (var read =
        VisionEncoderSource.open(folder.resolve("trained"), VisionFamilies.installed())) {
      assertEquals(16, read.config().dim());
      assertEquals(32, read.processor(read.config()).size().height());
    }
  }

  private static CaptionBatch batch() {
    float[] pixels = new float[3 * 3 * 32 * 32];
    var random = new Random(5);
    for (int i = 0; i < pixels.length; i++) {
      pixels[i] = (float) random.nextGaussian();
    }
    return new CaptionBatch(
        Tensor.of(pixels, 3, 3, 32, 32), CAPTIONS, List.of("a", "b", "c"), List.of(), List.of());
  }
}
