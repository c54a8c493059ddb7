package io.github.blip2j.vision.image.webp.lossless;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import org.junit.jupiter.api.Test;

final class PrefixCodeTest {
  private static PrefixCode of(int... lengths) throws IOException {
    return PrefixCode.of(lengths, lengths.length);
  }

  /** The symbols that the bits, first to last, stand for. */
  private static String read(PrefixCode code, String bits, int symbols) {
    byte[] data = new byte[bits.length() / 8 + 8];
    for (int i = 0; i < bits.length(); i++) {
      data[i / 8] |= (byte) ((bits.charAt(i) - '0') << i % 8);
    }
    var reader = new BitReader(data, 0, data.length);
    var text = new StringBuilder();
    for (int i = 0; i < symbols; i++) {
      reader.fill();
      text.append(code.read(reader)).append(' ');
    }
    return text.toString().strip();
  }

  @Test
  void read_canonicalCode_followsLengthsThenSymbols() throws IOException {
    PrefixCode code = of(2, 1, 3, 3); // 10, 0, 110, 111

    assertEquals("1 0 2 3 1", read(code, "0101101110", 5));
  }

  @Test
  void read_codeOfFifteenBits_takesTheSecondTable() throws IOException {
    int[] lengths = new int[16];
    for (int i = 0; i < lengths.length; i++) {
      lengths[i] = Math.min(i + 1, 15);
    }
    PrefixCode code = of(lengths);

    assertEquals(
        "15 14 8 0", read(code, "1".repeat(15) + "1".repeat(14) + "0" + "111111110" + "0", 4));
  }

  @Test
  void of_oneSymbol_takesNoBits() throws IOException {
    PrefixCode code = of(0, 0, 7);

    assertTrue(code.isSingle());
    assertEquals("2 2 2", read(code, "101", 3));
  }

  @Test
  void of_lengthsThatFitNoTree_isRefused() {
    assertThrows(IOException.class, () -> of(0, 0));
    assertThrows(IOException.class, () -> of(1, 2));
    assertThrows(IOException.class, () -> of(1, 1, 1));
    assertThrows(IOException.class, () -> of(15, 15));
  }
}
