package io.github.blip2j.text.tokenizer;

import ai.djl.huggingface.tokenizers.HuggingFaceTokenizer;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.Map;

/**
 * Hugging Face's own library, through DJL: the oracle. A file that it panics at ends the process,
 * so that it is only given files that it takes.
 */
final class RustTokenizer implements AutoCloseable {
  static {
    // Before its classes load: no report to EC2, no other library for machines with a GPU.
    System.setProperty("OPT_OUT_TRACKING", "true");
    System.setProperty("RUST_FLAVOR", "cpu");
  }

  private final HuggingFaceTokenizer tokenizer;

  RustTokenizer(String json) throws IOException {
    byte[] utf8 = json.getBytes(StandardCharsets.UTF_8);
    tokenizer =
        HuggingFaceTokenizer.newInstance(
            new ByteArrayInputStream(utf8), Map.of("truncation", "false", "padding", "false"));
  }

  int[] encode(String text) {
    return ints(tokenizer.encode(text, true, false).getIds());
  }

  int[] encodePlain(String text) {
    return ints(tokenizer.encode(text, false, false).getIds());
  }

  String decode(int[] ids, boolean skipsSpecial) {
    return tokenizer.decode(Arrays.stream(ids).asLongStream().toArray(), skipsSpecial);
  }

  private static int[] ints(long[] ids) {
    return Arrays.stream(ids).mapToInt(Math::toIntExact).toArray();
  }

  @Override
  public void close() {
    tokenizer.close();
  }
}
