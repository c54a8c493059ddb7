package io.github.blip2j.blip2;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.params.provider.Arguments.arguments;

import io.github.blip2j.backend.TensorMemory;
import io.github.blip2j.io.file.CheckpointException;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;

/** Folders of InstructBLIP damaged one way each. */
final class InstructBlipFolderTest {
  private static final String CONFIG = Fixture.CONFIG;
  private static final Path TOKENIZER = Path.of(InstructFolder.TOKENIZER, "tokenizer.json");

  @TempDir Path folder;

  @ParameterizedTest(name = "{0}")
  @MethodSource("damages")
  void load_ofDamagedFolder_saysWhatIsWrong(String name, FolderCase.Damage damage, String message)
      throws IOException {
    damage.to(InstructFolder.copyTo(folder));
    long used = TensorMemory.usedBytes();

    var thrown = assertThrows(CheckpointException.class, () -> Blip2.load(folder));

    assertEquals(message.replace("{folder}", folder.toString()), thrown.getMessage());
    assertEquals(used, TensorMemory.usedBytes(), "off-heap memory");
    assertEquals(List.of(), Fixture.openFiles(folder), "open files");
  }

  static Stream<Arguments> damages() {
    return Stream.of(
        damaged(
            "no tokenizer of the Q-Former",
            f -> Files.delete(f.resolve(TOKENIZER)),
            "{folder}: qformer_tokenizer/tokenizer.json expected in an InstructBLIP, got none; copy"
                + " it from the checkpoint"),
        damaged(
            "a language model of no known family",
            f -> language(f, "gpt_neox"),
            "config.json: text_config.model_type expected one of llama, mistral, mt5, opt, qwen2,"
                + " t5, got gpt_neox; another family is registered by"
                + " withLanguageFamilies of LoadOptions or StageTwoSetup, or as a service"
                + " io.github.blip2j.llm.LanguageFamily"),
        damaged(
            "a part of a model",
            f ->
                Fixture.editJson(
                    f.resolve(CONFIG),
                    json -> json.add("architectures", FolderCase.list("InstructBlipQFormerModel"))),
            "config.json: architectures expected InstructBlipForConditionalGeneration, got"
                + " InstructBlipQFormerModel, which is a part of a model; use the complete model"),
        damaged(
            "a text side without one of its tensors",
            f -> Fixture.drop(f, "qformer.encoder.layer.1.intermediate.dense.bias"),
            "{folder}: tensors expected to fit the configuration, got 1 missing"
                + " (qformer.layers.1.textMlp.up.bias (looked for as"
                + " qformer.encoder.layer.1.intermediate.dense.bias))"));
  }

  private static Arguments damaged(String name, FolderCase.Damage damage, String message) {
    return arguments(name, damage, message);
  }

  private static void language(Path folder, String kind) throws IOException {
    Fixture.editJson(
        folder.resolve(CONFIG),
        json -> FolderCase.child(json, "text_config").addProperty("model_type", kind));
  }
}
