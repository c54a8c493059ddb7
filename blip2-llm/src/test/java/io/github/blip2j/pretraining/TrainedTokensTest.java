package io.github.blip2j.pretraining;

import static java.util.Objects.requireNonNull;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNull;

import com.google.gson.JsonObject;
import com.google.gson.JsonParser;
import io.github.blip2j.blip2.Blip2;
import io.github.blip2j.golden.Fixtures;
import io.github.blip2j.io.file.ConfigJson;
import io.github.blip2j.llm.LanguageConfig;
import io.github.blip2j.llm.opt.OptFamily;
import io.github.blip2j.nn.ForwardPass;
import io.github.blip2j.nn.TokenLoss;
import io.github.blip2j.tensor.InScope;
import io.github.blip2j.tensor.Scope;
import io.github.blip2j.text.HuggingFaceTokenizer;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.Arrays;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** The tokens that are learnt after a prompt are those that are scored there. */
@ExtendWith(InScope.class)
final class TrainedTokensTest {
  private static final List<String> PROMPTS =
      List.of("", "a photo of", "Question: how many? Answer:");
  private static final String CAPTION = "a red circle";

  private enum Kind {
    OPT("hf-opt"),
    LLAMA("hf-blip2-llama"),
    QWEN2("hf-blip2-qwen2"),
    QWEN2_BYTE_LEVEL("hf-blip2-qwen2"), // as released: with a tokenizer of GPT-2's kind
    T5("hf-t5");

    private final String folder;

    Kind(String folder) {
      this.folder = folder;
    }
  }

  private final Path folder;
  private final Scope home = Scope.detached();

  TrainedTokensTest(@TempDir Path folder) {
    this.folder = folder;
  }

  private Path model(Kind kind) throws IOException {
    Path golden = Fixtures.own(kind.folder);
    if (kind != Kind.QWEN2_BYTE_LEVEL) {
      return golden;
    }
    Path copy = Files.createDirectories(folder.resolve("model"));
    try (Stream<Path> files = Files.list(golden)) {
      for (Path file : files.filter(Files::isRegularFile).toList()) {
        Files.copy(file, copy.resolve(file.getFileName()));
      }
    }
    for (String file : List.of("tokenizer.json", "tokenizer_config.json")) {
      Files.copy(Speech.OPT.resolve(file), copy.resolve(file), StandardCopyOption.REPLACE_EXISTING);
    }
    return copy;
  }

  @ParameterizedTest
  @EnumSource
  void tokens_ofACaptionAfterAPrompt_areThoseOfItsScore(Kind kind) throws IOException {
    Path source = model(kind);
    StageTwoModel model = StageTwoModel.load(source, home, StageTwoSetup.lavis());
    CaptionBatch batch = Speech.batch(folder, CAPTION);
    try (var tokenizer = model.openTokenizer();
        Blip2 blip2 = Blip2.load(source)) {
      var image = blip2.read(Speech.OPT.resolve("images").resolve("a.png"));
      for (String prompt : PROMPTS) {
        var training = StageTwoTraining.of(model, tokenizer).withPrompt(prompt);
        int[] labels = training.tokens(batch, ForwardPass.evaluation()).get(0).labels();
        List<Integer> learnt =
            Arrays.stream(labels).filter(id -> id != TokenLoss.IGNORED).boxed().toList();

        List<Integer> scored = blip2.score(image, prompt, CAPTION).tokenIds();

        // OPT's text of no words has a token that begins it, which is learnt too; its end differs.
        int begun = kind == Kind.OPT && prompt.isEmpty() ? 1 : 0;
        assertEquals(
            scored.subList(0, scored.size() - 1), learnt.subList(begun, learnt.size() - 1), prompt);
        if (kind != Kind.OPT) {
          assertEquals(scored.get(scored.size() - 1), learnt.get(learnt.size() - 1), prompt);
        }
      }
    } finally {
      home.close();
    }
  }

  @Test
  void runsOn_lineFeedThatEndsNothing_isTold() throws IOException {
    try (var tokenizer = HuggingFaceTokenizer.open(Speech.OPT)) {
      String json = Files.readString(Speech.OPT.resolve("config.json"));
      JsonObject text =
          JsonParser.parseString(json).getAsJsonObject().getAsJsonObject("text_config");
      LanguageConfig untold = OptFamily.OPT.config(ConfigJson.parse("opt", text.toString()));
      OptFamily.OPT.joinToImages(text, tokenizer);
      LanguageConfig told = OptFamily.OPT.config(ConfigJson.parse("opt", text.toString()));
      int line = tokenizer.encodePlain("\n")[0];

      assertEquals(
          "stage2: opt: end tokens of generated texts expected to have "
              + line
              + ", the line feed of training texts, got [2]; captions will run on unless"
              + " eos_token_id of the text_config has it",
          requireNonNull(StageTwoTraining.runsOn(untold, tokenizer)));
      assertNull(StageTwoTraining.runsOn(told, tokenizer));
    }
  }
}
