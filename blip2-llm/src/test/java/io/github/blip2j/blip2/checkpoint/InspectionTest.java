package io.github.blip2j.blip2.checkpoint;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.github.blip2j.blip2.InstructFolder;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

final class InspectionTest {
  @TempDir Path folder;

  @Test
  void uses_ofInstructBlip_loads() throws IOException {
    try (Inspection inspection = Inspection.open(InstructFolder.OWN)) {
      assertTrue(inspection.uses().get(0).loads());
    }
  }

  @Test
  void uses_ofInstructBlipWithoutInstructionTokenizer_saysWhatLoadingSays() throws IOException {
    for (String name : new String[] {"config.json", "model.safetensors", "tokenizer.json"}) {
      Files.copy(InstructFolder.OWN.resolve(name), folder.resolve(name));
    }

    try (Inspection inspection = Inspection.open(folder)) {
      Inspection.Use use = inspection.uses().get(0);
      assertFalse(use.loads());
      assertEquals(
          folder
              + ": qformer_tokenizer/tokenizer.json expected in an InstructBLIP, got none; copy it"
              + " from the checkpoint",
          use.refusal());
    }
  }
}
