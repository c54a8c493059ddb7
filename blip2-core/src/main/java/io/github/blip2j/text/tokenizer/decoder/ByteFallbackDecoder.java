package io.github.blip2j.text.tokenizer.decoder;

import io.github.blip2j.text.tokenizer.pattern.Budget;
import java.io.ByteArrayOutputStream;
import java.nio.ByteBuffer;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;

/** Decodes runs of byte tokens like {@code <0xE2>} as UTF-8; if that fails, each becomes U+FFFD. */
record ByteFallbackDecoder() implements Decoder {
  @Override
  public List<String> decode(List<String> tokens, Budget budget) {
    budget.charge(tokens.size());
    List<String> decoded = new ArrayList<>(tokens.size());
    var bytes = new ByteArrayOutputStream();
    for (String token : tokens) {
      int b = byteOf(token);
      if (b >= 0) {
        bytes.write(b);
      } else {
        flush(bytes, decoded);
        decoded.add(token);
      }
    }
    flush(bytes, decoded);
    return decoded;
  }

  private static void flush(ByteArrayOutputStream bytes, List<String> decoded) {
    if (bytes.size() == 0) {
      return;
    }
    try {
      decoded.add(
          StandardCharsets.UTF_8
              .newDecoder()
              .decode(ByteBuffer.wrap(bytes.toByteArray()))
              .toString());
    } catch (CharacterCodingException e) {
      for (int i = 0; i < bytes.size(); i++) {
        decoded.add("\uFFFD");
      }
    }
    bytes.reset();
  }

  private static int byteOf(String token) {
    if (token.length() != 6 || !token.startsWith("<0x") || token.charAt(5) != '>') {
      return -1;
    }
    int low = digit(token.charAt(4));
    char first = token.charAt(3);
    if (first == '+') { // Rust's parser accepts a sign
      return low;
    }
    int high = digit(first);
    return high < 0 || low < 0 ? -1 : high << 4 | low;
  }

  private static int digit(char c) {
    return c < 0x80 ? Character.digit(c, 16) : -1;
  }
}
