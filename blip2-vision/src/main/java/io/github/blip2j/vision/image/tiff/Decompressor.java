package io.github.blip2j.vision.image.tiff;

import java.io.IOException;

/** Undoes one compression, strip by strip or tile by tile. */
@FunctionalInterface
interface Decompressor {
  /**
   * Fills the first {@code size} bytes of {@code target}. If that fails, what was decoded before is
   * there.
   *
   * @return false if codes ended early, which libtiff forgives in tiles but not in strips
   * @throws IOException if the codes are damaged, with the reason alone as its message
   */
  boolean decode(CodedBytes source, byte[] target, int size) throws IOException;
}
