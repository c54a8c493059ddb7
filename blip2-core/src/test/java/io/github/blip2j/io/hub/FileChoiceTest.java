package io.github.blip2j.io.hub;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;

final class FileChoiceTest {
  private static final ModelId ID = ModelId.parse("org/name");
  private static final List<String> SETTINGS =
      List.of(
          "config.json",
          "generation_config.json",
          "preprocessor_config.json",
          "processor_config.json",
          "tokenizer.json",
          "tokenizer_config.json",
          "special_tokens_map.json",
          "added_tokens.json",
          "vocab.json",
          "merges.txt",
          "spiece.model");
  private static final List<String> SHARDS =
      List.of(
          "model.safetensors.index.json",
          "model-00001-of-00002.safetensors",
          "model-00002-of-00002.safetensors");
  private static final List<String> TORCH_SHARDS =
      List.of(
          "pytorch_model.bin.index.json",
          "pytorch_model-00001-of-00002.bin",
          "pytorch_model-00002-of-00002.bin");
  private static final List<String> OTHERS =
      List.of(
          ".gitattributes",
          "README.md",
          "tf_model.h5",
          "model.fp16.safetensors",
          "onnx/model.safetensors",
          "onnx/config.json",
          "LICENSE");

  @Test
  void standard_safetensorsAndTorch_takesSafetensors() throws HubException {
    assertEquals(
        join(SETTINGS, SHARDS),
        FileChoice.standard().of(ID, join(SETTINGS, OTHERS, SHARDS, TORCH_SHARDS)));
  }

  @Test
  void standard_torchOnly_takesIt() throws HubException {
    assertEquals(
        join(SETTINGS, TORCH_SHARDS),
        FileChoice.standard().of(ID, join(SETTINGS, OTHERS, TORCH_SHARDS)));
  }

  @Test
  void standard_wholeAndShards_takesWhatIsReadFirst() throws HubException {
    List<String> whole = List.of("model.safetensors");

    assertEquals(
        join(SETTINGS, whole),
        FileChoice.standard().of(ID, join(SETTINGS, SHARDS, whole, TORCH_SHARDS)));
  }

  @Test
  void standard_withoutWeights_isRefused() {
    assertEquals(
        "org/name: weights expected in model.safetensors, model.safetensors.index.json,"
            + " pytorch_model.bin, pytorch_model.bin.index.json, got none of them among 2 files;"
            + " name files with --include",
        assertThrows(
                HubException.class,
                () -> FileChoice.standard().of(ID, List.of("config.json", "blip2.pth")))
            .getMessage());
  }

  @Test
  void including_patterns_takesThoseInstead() throws HubException {
    assertEquals(
        List.of("config.json", "onnx/config.json", "model-00001-of-00002.safetensors"),
        FileChoice.standard()
            .including(List.of("*config.json", "model-0000?-of-*"))
            .excluding(List.of("*-00002-of-*", "*_config.json"))
            .of(ID, join(SETTINGS, OTHERS, SHARDS)));
  }

  @Test
  void including_whatIsNotThere_isRefused() {
    assertEquals(
        "org/name: files expected that match *.pth, *.pt, got none among 7; look at their names",
        assertThrows(
                HubException.class,
                () -> FileChoice.standard().including(List.of("*.pth", "*.pt")).of(ID, OTHERS))
            .getMessage());
  }

  @SafeVarargs
  private static List<String> join(List<String>... lists) {
    List<String> all = new ArrayList<>();
    for (List<String> list : lists) {
      all.addAll(list);
    }
    return all;
  }
}
