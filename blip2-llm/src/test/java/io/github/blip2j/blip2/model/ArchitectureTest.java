package io.github.blip2j.blip2.model;

import static org.junit.jupiter.api.Assertions.assertEquals;

import io.github.blip2j.io.file.ConfigJson;
import java.io.IOException;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

final class ArchitectureTest {
  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      textBlock =
          """
          {'architectures': ['Blip2ForImageTextRetrieval']}                                   | true
          {'architectures': ['Blip2ForConditionalGeneration']}                                | false
          {'architectures': ['Blip2Model'], 'model_type': 'blip-2'}                           | false
          {'model_type': 'blip-2', 'qformer_config': {'use_qformer_text_input': true}}        | true
          {'model_type': 'blip-2', 'qformer_config': {}}                                      | false
          {'model_type': 'instructblip', 'qformer_config': {'use_qformer_text_input': true}}  | false
          {}                                                                                  | false
          """)
  void compares_configuration_isSeen(String json, boolean compares) throws IOException {
    String text = json.replace('\'', '"');

    assertEquals(compares, Architecture.compares(ConfigJson.parse("config.json", text)));
  }
}
