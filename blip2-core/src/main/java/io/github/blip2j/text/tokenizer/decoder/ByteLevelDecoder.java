package io.github.blip2j.text.tokenizer.decoder;

import io.github.blip2j.text.tokenizer.normalizer.ByteAlphabet;
import io.github.blip2j.text.tokenizer.pattern.Budget;
import io.github.blip2j.text.tokenizer.unicode.Utf8;
import java.io.ByteArrayOutputStream;
import java.nio.charset.StandardCharsets;
import java.util.List;

/** Joins the bytes of all tokens to one UTF-8 text; invalid parts become U+FFFD. */
record ByteLevelDecoder() implements Decoder {
  @Override
  public List<String> decode(List<String> tokens, Budget budget) {
    var bytes = new ByteArrayOutputStream();
    for (String token : tokens) {
      budget.charge(1 + token.length());
      bytes.writeBytes(bytes(token));
    }
    return List.of(Utf8.decode(bytes.toByteArray()));
  }

  /** The bytes of a token; one with a character outside the alphabet stands for itself. */
  private static byte[] bytes(String token) {
    byte[] bytes = new byte[token.length()];
    for (int i = 0; i < bytes.length; i++) {
      int b = ByteAlphabet.byteOf(token.charAt(i));
      if (b < 0) {
        return token.getBytes(StandardCharsets.UTF_8);
      }
      bytes[i] = (byte) b;
    }
    return bytes;
  }
}
