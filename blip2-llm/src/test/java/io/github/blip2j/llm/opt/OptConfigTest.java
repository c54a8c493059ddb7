package io.github.blip2j.llm.opt;

import static org.junit.jupiter.api.Assertions.assertEquals;

import io.github.blip2j.io.file.ConfigJson;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

final class OptConfigTest {
  @TempDir Path folder;

  @Test
  void endIds_ofAList_areAllOfThem() throws IOException {
    assertEquals(List.of(2, 50118), read("{\"eos_token_id\": [2, 50118]}").endIds());
  }

  @Test
  void endIds_ofANumber_areThatOne() throws IOException {
    assertEquals(List.of(50118), read("{\"eos_token_id\": 50118}").endIds());
  }

  @Test
  void endIds_ofNull_areNone() throws IOException {
    assertEquals(List.of(), read("{\"eos_token_id\": null}").endIds());
  }

  @Test
  void fromJson_withoutValues_readsOpt125m() throws IOException {
    OptConfig config = read("{}");

    assertEquals(List.of(2), config.endIds());
    assertEquals(768, config.dim());
    assertEquals(768, config.embeddingDim());
    assertEquals(12, config.layers());
  }

  private OptConfig read(String json) throws IOException {
    return OptConfig.fromJson(
        ConfigJson.read(Files.writeString(folder.resolve("config.json"), json)));
  }
}
