package io.github.blip2j.vision.image.webp.lossless;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.Random;
import org.junit.jupiter.api.Test;

final class BitReaderTest {
  @Test
  void read_anyWidths_giveTheBitsInOrder() {
    byte[] data = new byte[61];
    new Random(1).nextBytes(data);
    var random = new Random(2);
    var reader = new BitReader(data, 3, data.length);
    int at = 3 * 8;

    while (at + 24 <= data.length * 8) {
      int bits = random.nextInt(25);
      int expected = 0;
      for (int i = 0; i < bits; i++, at++) {
        expected |= (data[at / 8] >> at % 8 & 1) << i;
      }

      assertEquals(expected, reader.read(bits), "bit " + at);
    }
    assertFalse(reader.isExhausted());
  }

  @Test
  void isExhausted_onlyOnceMoreIsTakenThanThereIs() {
    var reader = new BitReader(new byte[9], 0, 9);
    for (int i = 0; i < 3; i++) {
      reader.read(24);
    }

    assertFalse(reader.isExhausted());
    assertEquals(0, reader.read(1));
    assertTrue(reader.isExhausted());
    assertEquals(0, reader.read(24));
    assertTrue(reader.isExhausted());
  }

  @Test
  void isExhausted_fewBytes_countAsEight() {
    var reader = new BitReader(new byte[2], 0, 2);
    for (int i = 0; i < 8; i++) {
      reader.read(8);
    }

    assertFalse(reader.isExhausted());
    reader.read(1);
    assertTrue(reader.isExhausted());
  }
}
