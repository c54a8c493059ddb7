package io.github.blip2j.vision.image.codec;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import java.io.ByteArrayOutputStream;
import java.io.EOFException;
import java.io.IOException;
import java.util.Arrays;
import org.junit.jupiter.api.Test;

final class GifPixelsTest {
  private static final int PIECE = 65536; // as much as Pillow reads at once
  private static final int START_BITS = 7; // so that a code of two pixels takes a byte
  private static final int CLEAR = 1 << START_BITS;
  private static final int END = CLEAR + 1;

  /** Codes of eight bits, of which none may make the decoder's wider: each pixel is cleared. */
  private static byte[] file(int clearsBeforeEnd, int pixelsAfterEnd) {
    var codes = new ByteArrayOutputStream();
    for (int i = 0; i < clearsBeforeEnd; i++) {
      codes.write(CLEAR);
    }
    codes.write(5);
    codes.write(END);
    for (int i = 0; i < pixelsAfterEnd; i++) {
      codes.write(CLEAR);
      codes.write(7);
    }
    var file = new ByteArrayOutputStream();
    file.write(START_BITS);
    byte[] all = codes.toByteArray();
    for (int i = 0; i < all.length; i += 255) {
      int length = Math.min(255, all.length - i);
      file.write(length);
      file.write(all, i, length);
    }
    file.write(0);
    return file.toByteArray();
  }

  private static byte[] read(byte[] file, int count) throws IOException {
    byte[] row = new byte[count];
    new GifPixels(file, 0).read(row);
    return row;
  }

  @Test
  void read_endWithinTheLastPiece_isTheEnd() {
    byte[] file = file(3, 2);

    assertThrows(EOFException.class, () -> read(file, 2));
  }

  @Test
  void read_endWithAnotherPieceBehindIt_goesOnAsInPillow() throws IOException {
    byte[] file = file(3, PIECE / 2 + 100);

    assertArrayEquals(new byte[] {5, 7, 7}, read(file, 3));
  }

  @Test
  void read_manyClearCodes_takesNoMoreThanTime() throws IOException {
    assertArrayEquals(new byte[] {5}, read(file(200_000, 0), 1));
  }

  @Test
  void requireRoomFor_moreThanCodesCanHold_isRefused() throws IOException {
    // Ten bytes hold at most ten codes of eight bits, of 1, 2, ... 10 pixels.
    var pixels = new GifPixels(Arrays.copyOf(new byte[] {START_BITS}, 11), 0);

    pixels.requireRoomFor(55);
    assertThrows(EOFException.class, () -> pixels.requireRoomFor(56));
  }

  @Test
  void new_codesOfMoreThanTwelveBits_areRefused() {
    var e = assertThrows(IOException.class, () -> new GifPixels(new byte[] {13}, 0));

    assertEquals("codes of 13 bits", e.getMessage());
  }
}
