package io.github.blip2j.vision.image.tiff;

import java.io.EOFException;
import java.util.Arrays;

/** Decodes runs of bytes (TIFF 6.0, section 9). */
final class PackBits implements Decompressor {
  private static final int NOTHING = -128;

  @Override
  public boolean decode(CodedBytes source, byte[] target, int size) throws EOFException {
    byte[] bytes = source.bytes();
    int position = source.from();
    int end = source.to();
    int filled = 0;
    while (filled < size) {
      if (position >= end) {
        throw new EOFException();
      }
      int control = bytes[position++];
      if (control == NOTHING) {
        continue;
      }
      // The surplus of the last run is dropped.
      int run = Math.min(size - filled, Math.abs(control) + 1);
      if (control < 0) {
        if (position >= end) {
          throw new EOFException();
        }
        Arrays.fill(target, filled, filled + run, bytes[position++]);
      } else {
        if (run > end - position) {
          throw new EOFException();
        }
        System.arraycopy(bytes, position, target, filled, run);
        position += run;
      }
      filled += run;
    }
    return true;
  }
}
