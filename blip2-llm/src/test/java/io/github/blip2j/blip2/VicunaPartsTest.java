package io.github.blip2j.blip2;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.github.blip2j.autograd.GradMode;
import io.github.blip2j.blip2.checkpoint.Conversion;
import io.github.blip2j.blip2.checkpoint.files.PlainLanguage;
import io.github.blip2j.blip2.checkpoint.lavis.Blip2Parts;
import io.github.blip2j.blip2.inference.Blip2Folder;
import io.github.blip2j.blip2.inference.GenerationSession;
import io.github.blip2j.blip2.inference.ImageFeatures;
import io.github.blip2j.blip2.model.Convention;
import io.github.blip2j.blip2.text.Generated;
import io.github.blip2j.golden.Fixtures;
import io.github.blip2j.io.Checkpoint;
import io.github.blip2j.nn.Parameter;
import io.github.blip2j.pretraining.StageTwoExport;
import io.github.blip2j.pretraining.StageTwoModel;
import io.github.blip2j.pretraining.StageTwoSetup;
import io.github.blip2j.pretraining.StageTwoTraining;
import io.github.blip2j.tensor.Scope;
import io.github.blip2j.tensor.Tensor;
import io.github.blip2j.tensor.types.Precision;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Objects;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** InstructBLIP with Vicuna in LAVIS's parts, as {@code blip2_vicuna_instruct} stores it. */
final class VicunaPartsTest {
  private static final Path WHOLE = Fixtures.own("hf-instructblip-vicuna");

  @TempDir static Path shared;
  @TempDir Path folder;
  private static Path trained = Path.of("");
  private static Path language = Path.of("");

  @BeforeAll
  static void split() throws IOException {
    trained = shared.resolve("instruct.pth");
    Conversion.toLavisTrained(WHOLE, trained);
    Files.writeString(shared.resolve("model.json"), "{\"vision_heads\": 4, \"bert_heads\": 3}");
    language = PlainLanguage.write(WHOLE, shared.resolve("vicuna"));
  }

  private static Blip2Parts parts() {
    return Blip2Parts.of(trained, language)
        .withVision(WHOLE)
        .withBert(WHOLE.resolve("qformer_tokenizer"));
  }

  @Test
  void toLavisTrained_ofVicuna_hasLavisNames() throws IOException {
    try (Checkpoint file = Checkpoint.open(trained)) {
      assertTrue(file.tensors().containsKey("llm_proj.weight"), file.tensors()::toString);
      assertTrue(file.tensors().keySet().stream().noneMatch(name -> name.contains("llm_model")));
    }
  }

  @Test
  void generate_byHuggingFacesRules_equalsReference() throws IOException {
    List<String> prompts = DecodingCase.prompts(WHOLE);
    try (var lavis = Blip2.load(parts(), Precision.FLOAT32);
        ImageFeatures images =
            lavis.withConvention(Convention.HF).encode(Blip2Folder.images(WHOLE))) {
      for (DecodingCase each : InstructFolder.cases(WHOLE)) {
        List<List<Generated>> found =
            lavis.withConvention(Convention.HF).generate(images, prompts, each.decoding(0));

        for (int b = 0; b < prompts.size(); b++) {
          assertEquals(each.texts().get(b).strip(), found.get(b).get(0).text(), each.name());
        }
      }
    }
  }

  /** LAVIS makes the end token that of the beginning, and has defaults of its own. */
  @Test
  void load_parts_runAsLavis() throws IOException {
    try (var lavis = Blip2.load(parts(), Precision.FLOAT32)) {
      assertEquals(Convention.LAVIS, lavis.convention());
      assertEquals(0, lavis.answerConfig().lengthPenalty());
      assertEquals(9, lavis.answerConfig().maxNewTokens());
      assertEquals(255, lavis.captionConfig().maxNewTokens());
      assertEquals(1.5, lavis.captionConfig().repetitionPenalty());
    }
    try (var lavis = GenerationSession.load(parts(), Precision.FLOAT32);
        var huggingFace = GenerationSession.load(WHOLE, Precision.FLOAT32)) {
      int[] expected = huggingFace.prompts().ids("what color is the ring?");
      assertEquals(1, expected[0]);
      expected[0] = 2;
      assertArrayEquals(expected, lavis.prompts().ids("what color is the ring?"));
      assertArrayEquals(new int[] {2}, lavis.prompts().ids(""));
    }
  }

  /** LAVIS has neither Mistral nor Qwen2, so their tokenizers' begin token stays. */
  @Test
  void load_partsOfQwen2_beginAsTheirTokenizer() throws IOException {
    Path whole = Fixtures.own("hf-blip2-qwen2");
    Path checkpoint = folder.resolve("qwen2.pth");
    Conversion.toLavisTrained(whole, checkpoint);
    Files.writeString(folder.resolve("model.json"), "{\"vision_heads\": 4, \"bert_heads\": 3}");
    Path qwen2 = PlainLanguage.write(whole, folder.resolve("qwen2"));
    Blip2Parts ofQwen2 = Blip2Parts.of(checkpoint, qwen2).withVision(whole);

    try (var lavis = GenerationSession.load(ofQwen2, Precision.FLOAT32);
        var huggingFace = GenerationSession.load(whole, Precision.FLOAT32)) {
      for (String prompt : List.of("", "what color is the ring?")) {
        assertArrayEquals(huggingFace.prompts().ids(prompt), lavis.prompts().ids(prompt));
      }
      assertEquals(1, lavis.prompts().ids("")[0]);
    }
    Conversion.toHuggingFace(ofQwen2, folder.resolve("hf"));
    try (var one = Blip2.load(whole);
        var other = Blip2.load(folder.resolve("hf"))) {
      String question = "what color is the ring?";
      assertArrayEquals(one.tokenizer().encode(question), other.tokenizer().encode(question));
    }
  }

  @Test
  void toHuggingFace_parts_isTheWholeModel() throws IOException {
    Path again = folder.resolve("hf");

    Conversion.toHuggingFace(parts(), again);

    try (Checkpoint expected = Checkpoint.open(WHOLE);
        Checkpoint found = Checkpoint.open(again)) {
      assertEquals(
          String.join("\n", expected.tensors().navigableKeySet()),
          String.join("\n", found.tensors().navigableKeySet()));
    }
    String question = "what color is the ring?";
    try (var lavis = GenerationSession.load(parts(), Precision.FLOAT32);
        var one = Blip2.load(WHOLE);
        var other = Blip2.load(again)) {
      // As in LAVIS and in the folders that Hugging Face has converted, the end token begins a
      // text.
      assertArrayEquals(lavis.prompts().ids(question), other.tokenizer().encode(question));
      assertArrayEquals(
          one.tokenizer().encodePlain(question), other.tokenizer().encodePlain(question));
      assertEquals(2, other.tokenizer().encode(question)[0]);
      // Without words there is the begin token of the configuration, which stays.
      assertEquals(
          one.caption(one.read(WHOLE.resolve("images/b.png"))),
          other.caption(other.read(WHOLE.resolve("images/b.png"))));
    }
  }

  /** The tokenizers of the released InstructBLIPs begin a text with the end token. */
  @Test
  void training_ofAConvertedFolder_takesItsTokenizer() throws IOException {
    Path again = folder.resolve("hf");
    Conversion.toHuggingFace(parts(), again);

    try (Scope home = Scope.detached()) {
      StageTwoModel model = StageTwoModel.load(again, home, StageTwoSetup.lavis());
      try (var tokenizer = model.openTokenizer();
          var instructions = model.openInstructionTokenizer()) {
        StageTwoTraining.of(model, tokenizer, instructions);
        assertArrayEquals(new int[] {2}, tokenizer.encode(""));
      }
    }
  }

  @Test
  void export_afterAChange_loadsAsItWas() throws IOException {
    for (String name : List.of("hf-instructblip-vicuna", "hf-blip2-llama", "hf-blip2-qwen2")) {
      Path model = Fixtures.own(name);
      try (Scope home = Scope.detached();
          Scope scope = Scope.open();
          var off = GradMode.noGrad()) {
        StageTwoModel trained = StageTwoModel.load(model, home, StageTwoSetup.lavis());
        Parameter bias = Objects.requireNonNull(trained.parameters().get("projection.bias"));
        bias.value().addInPlace(Tensor.full(bias.value().dtype(), 0.1, bias.value().dim(0)));
        Tensor queries = Tensor.zeros(bias.value().dtype(), 1, 2, 36);
        float[] expected = trained.blip2().project(queries).toFloats();

        new StageTwoExport(trained).toHuggingFace(folder.resolve(name));

        try (var again = Blip2.load(folder.resolve(name))) {
          assertArrayEquals(expected, again.model().project(queries).toFloats());
          Tensor ids = Tensor.of(new long[] {1, 5, 9}, 1, 3);
          assertArrayEquals(
              trained.blip2().language().embed(ids).toFloats(),
              again.model().language().embed(ids).toFloats());
        }
      }
    }
  }
}
