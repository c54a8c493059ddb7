package io.github.blip2j.blip2.checkpoint.files;

import static org.junit.jupiter.api.Assertions.assertDoesNotThrow;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import io.github.blip2j.io.file.CheckpointException;
import io.github.blip2j.io.file.ConfigJson;
import java.io.IOException;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

final class QuantizationTest {
  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      textBlock =
          """
          {'quantization_config': {'quant_method': 'gptq', 'bits': 4}}                     | config.json      | gptq
          {'quantization_config': {'quant_method': 'awq'}}                                 | config.json      | awq
          {'quantization_config': {'quant_method': 'bitsandbytes', 'load_in_4bit': true}}  | config.json      | bitsandbytes (4 bits)
          {'quantization_config': {'load_in_8bit': true}}                                  | config.json      | bitsandbytes (8 bits)
          {'compression_config': {'quant_method': 'compressed-tensors'}}                   | config.json      | compressed-tensors
          {'quantization_config': {'quant_method': 'compressed-tensors', 'format': 'pack-quantized'}} | config.json | compressed-tensors
          {'quantization_config': {}}                                                      | config.json      | quantization_config
          {'text_config': {'quantization_config': {'quant_method': 'fp8'}}}                | config.json: text_config | fp8
          """)
  void requireNone_quantised_namesTheLibrary(String json, String where, String library)
      throws IOException {
    ConfigJson config = ConfigJson.parse("config.json", json.replace('\'', '"'));

    assertEquals(
        where
            + ": weights expected in floating point, got quantised by "
            + library
            + "; take the float16 or float32 checkpoint, with --dtype int8 (Precision.INT8) for as"
            + " little memory",
        assertThrows(CheckpointException.class, () -> Quantization.requireNone(config))
            .getMessage());
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "{}",
        "{'quantization_config': null}",
        "{'quantization_config': {'load_in_8bit': false, 'load_in_4bit': false}}",
        "{'quantization_config': {'quant_method': 'compressed-tensors', 'format': 'int-quantized'}}"
      })
  void requireNone_plain_passes(String json) throws IOException {
    ConfigJson config = ConfigJson.parse("config.json", json.replace('\'', '"'));

    assertDoesNotThrow(() -> Quantization.requireNone(config));
  }
}
