package io.github.blip2j.search;

import static org.junit.jupiter.api.Assertions.assertEquals;

import io.github.blip2j.search.store.IndexedFile;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.time.LocalDateTime;
import java.time.ZoneId;
import java.util.Arrays;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Dates of EXIF blocks that are written here, byte by byte. */
final class PhotoDateTest {
  private static final String TAKEN = "2021:02:03 04:05:06";
  private static final String CHANGED = "2022:12:31 23:59:59";
  private static final int SIZE = 120;

  private static long at(int year, int month, int day, int hour, int minute, int second) {
    return LocalDateTime.of(year, month, day, hour, minute, second)
        .atZone(ZoneId.systemDefault())
        .toInstant()
        .toEpochMilli();
  }

  /** The first directory at 8, the one of EXIF at 40, the texts at 60 and 80. */
  private static byte[] tiff(ByteOrder order, String taken, String changed) {
    ByteBuffer block = ByteBuffer.allocate(SIZE).order(order);
    byte sign = (byte) (order == ByteOrder.LITTLE_ENDIAN ? 'I' : 'M');
    block.put(sign).put(sign).putShort((short) 42).putInt(8);
    block.putShort((short) 2);
    entry(block, 0x0132, 2, 20, 80);
    entry(block, 0x8769, 4, 1, 40);
    block.position(40).putShort((short) 1);
    entry(block, 0x9003, 2, 20, 60);
    block.position(60).put(taken.getBytes(StandardCharsets.US_ASCII));
    block.position(80).put(changed.getBytes(StandardCharsets.US_ASCII));
    return block.array();
  }

  private static void entry(ByteBuffer block, int tag, int type, int count, int value) {
    block.putShort((short) tag).putShort((short) type).putInt(count).putInt(value);
  }

  /** A JPEG's beginning: JFIF, then EXIF, then the pixels. */
  private static byte[] jpeg(byte[] tiff) {
    ByteBuffer file = ByteBuffer.allocate(2 + 18 + 10 + tiff.length + 2);
    file.putShort((short) 0xFFD8);
    file.putShort((short) 0xFFE0).putShort((short) 16).position(20);
    file.putShort((short) 0xFFE1).putShort((short) (8 + tiff.length));
    file.put("Exif\0\0".getBytes(StandardCharsets.US_ASCII)).put(tiff);
    file.putShort((short) 0xFFDA);
    return file.array();
  }

  @ParameterizedTest
  @ValueSource(booleans = {true, false})
  void of_jpegAndTiffOfEitherOrder_isWhenItWasTaken(boolean little) {
    byte[] tiff = tiff(little ? ByteOrder.LITTLE_ENDIAN : ByteOrder.BIG_ENDIAN, TAKEN, CHANGED);

    assertEquals(at(2021, 2, 3, 4, 5, 6), PhotoDate.of(tiff));
    assertEquals(at(2021, 2, 3, 4, 5, 6), PhotoDate.of(jpeg(tiff)));
  }

  @ParameterizedTest
  @ValueSource(strings = {"0000:00:00 00:00:00", "2021-02-03 04:05:06", "                   "})
  void of_noDateOfTaking_isThatOfTheChange(String taken) {
    byte[] tiff = tiff(ByteOrder.LITTLE_ENDIAN, taken, CHANGED);

    assertEquals(at(2022, 12, 31, 23, 59, 59), PhotoDate.of(jpeg(tiff)));
    assertEquals(IndexedFile.UNKNOWN, PhotoDate.of(tiff(ByteOrder.LITTLE_ENDIAN, taken, taken)));
  }

  @Test
  void of_otherFiles_isUnknown() {
    for (byte[] file :
        new byte[][] {
          {},
          {(byte) 0xFF},
          {(byte) 0xFF, (byte) 0xD8, (byte) 0xFF, (byte) 0xDA, 0, 0},
          new byte[99]
        }) {
      assertEquals(IndexedFile.UNKNOWN, PhotoDate.of(file));
    }
  }

  @Test
  void of_filesCutOrDamagedAnywhere_endsWithoutAnError() {
    byte[] whole = jpeg(tiff(ByteOrder.BIG_ENDIAN, TAKEN, CHANGED));
    for (int length = 0; length < whole.length; length++) {
      PhotoDate.of(Arrays.copyOf(whole, length));
    }
    var random = new Random(5);
    for (int i = 0; i < 20_000; i++) {
      byte[] damaged = whole.clone();
      for (int j = 0; j < 3; j++) {
        damaged[random.nextInt(damaged.length)] = (byte) random.nextInt();
      }
      PhotoDate.of(damaged);
    }
  }
}
