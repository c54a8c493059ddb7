package io.github.blip2j.blip2;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import io.github.blip2j.backend.TensorMemory;
import io.github.blip2j.blip2.model.Blip2Config;
import io.github.blip2j.blip2.model.Blip2Model;
import io.github.blip2j.blip2.model.PromptBatch;
import io.github.blip2j.blip2.text.Generated;
import io.github.blip2j.generation.GenerationConfig;
import io.github.blip2j.io.file.CheckpointException;
import io.github.blip2j.io.file.ConfigJson;
import io.github.blip2j.nn.ForwardPass;
import io.github.blip2j.nn.Params;
import io.github.blip2j.nn.Weights;
import io.github.blip2j.tensor.Scope;
import io.github.blip2j.tensor.Tensor;
import io.github.blip2j.tensor.types.DType;
import io.github.blip2j.text.Side;
import io.github.blip2j.vision.image.Image;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Random;
import javax.imageio.ImageIO;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** What the facade makes of a folder with T5, and what is said where a folder is another's. */
final class Blip2T5Test {
  private static final Path HF_T5 = Path.of("src/test/resources/golden/hf-t5");
  private static final Path PICTURE = HF_T5.resolve("images/a.png");
  private static final String SHARED = "language_model.shared.weight";

  @TempDir Path folder;

  @Test
  void load_ofAT5Folder_captionsAnswersAndStreams() throws IOException {
    long before = TensorMemory.usedBytes();
    try (var blip2 = Blip2.load(HF_T5)) {
      List<String> pieces = new ArrayList<>();

      String caption = blip2.caption(blip2.read(PICTURE));
      String answer =
          blip2.answer(blip2.read(HF_T5.resolve("images/b.png")), "what color is the star?");
      Generated streamed =
          blip2.stream(
              Image.of(ImageIO.read(PICTURE.toFile())),
              "a photo of",
              GenerationConfig.greedy(),
              pieces::add);

      assertEquals("a green cross", caption);
      assertEquals("orange", answer);
      assertEquals("a green circle", streamed.text());
      assertEquals("a photo of a green circle", streamed.textWithPrompt());
      assertEquals("a green circle", String.join("", pieces));
    }
    assertEquals(before, TensorMemory.usedBytes());
  }

  @Test
  void generate_farBeyondWhatOneWrites_endsWhereTheModelDoes() throws IOException {
    try (var blip2 = Blip2.load(HF_T5)) {
      GenerationConfig decoding = GenerationConfig.greedy().maxNewTokens(1_000_000);

      assertEquals(
          "a green cross", blip2.generate(blip2.read(PICTURE), "", decoding).get(0).text());
    }
  }

  @Test
  void generate_promptWithTheImageToken_isRefused() throws IOException {
    try (var blip2 = Blip2.load(HF_T5)) {
      var thrown =
          assertThrows(
              IllegalArgumentException.class,
              () ->
                  blip2.generate(
                      blip2.read(PICTURE), "a photo <image> of", GenerationConfig.greedy()));

      assertEquals(
          "generate: prompt expected text, got the token <image>, which stands for the image;"
              + " leave it out",
          thrown.getMessage());
    }
  }

  @Test
  void logits_ofAnotherKindOfLanguageModel_areRefused() throws IOException {
    PromptBatch text = PromptBatch.of(List.of(new int[] {3}), 0, Side.RIGHT);
    try (var scope = Scope.open()) {
      Params params = Params.root(Weights.random(new Random(1)), scope);
      var opt = new Blip2Model(config(Fixture.HF_OPT), params.at("opt"));
      var t5 = new Blip2Model(config(HF_T5), params.at("t5"));
      Tensor image = Tensor.zeros(DType.FLOAT32, 1, 1, 1);
      ForwardPass pass = ForwardPass.evaluation();

      var ofDecoder =
          assertThrows(IllegalStateException.class, () -> opt.logits(image, text, text, pass));
      var ofEncoder = assertThrows(IllegalStateException.class, () -> t5.logits(image, text, pass));

      assertEquals(
          "logits: answers expected by a language model with an encoder, got a decoder; append "
              + "them to the prompts",
          ofDecoder.getMessage());
      assertEquals(
          "logits: answers expected by a language model with an encoder, got none; give the "
              + "tokens to be generated",
          ofEncoder.getMessage());
    }
  }

  @Test
  void load_withoutTheEmbeddings_saysSo() throws IOException {
    Fixture.copyTo(HF_T5, folder);
    Fixture.drop(folder, SHARED);

    assertRefused("1 missing (language.words.weight (looked for as " + SHARED + "))");
  }

  @Test
  void load_ofAnotherWidth_saysWhatDoesNotFit() throws IOException {
    Fixture.copyTo(HF_T5, folder);
    Fixture.editJson(
        folder.resolve(Fixture.CONFIG),
        json -> json.getAsJsonObject("text_config").addProperty("d_kv", 13));

    String layer = "language.encoder.layers.%d.attention.%s.weight: checkpoint tensor expected ";
    List<String> first = new ArrayList<>();
    for (int i = 0; i < 2; i++) {
      for (String input : List.of("query", "key", "value")) {
        first.add(String.format(Locale.ROOT, layer, i, input) + "[52, 64], got [48, 64]");
      }
      first.add(String.format(Locale.ROOT, layer, i, "output") + "[64, 52], got [64, 48]");
    }
    assertRefused("28 of another shape or type (" + String.join(", ", first) + ", and 20 more)");
  }

  private void assertRefused(String what) {
    var thrown = assertThrows(CheckpointException.class, () -> Blip2.load(folder));

    assertEquals(
        folder + ": tensors expected to fit the configuration, got " + what, thrown.getMessage());
  }

  private static Blip2Config config(Path from) throws IOException {
    return Blip2Config.fromJson(ConfigJson.read(from.resolve(Fixture.CONFIG)));
  }
}
