package io.github.blip2j.vision.image.tiff;

import java.io.IOException;

/** Decompresses strips or tiles. */
@FunctionalInterface
interface Decompressor {
  /**
   * Fills the first {@code size} bytes of {@code target}. On failure, the bytes decoded before
   * remain.
   *
   * @return false if codes ended early, which libtiff accepts in tiles but not in strips
   * @throws IOException if the codes are damaged, with the reason alone as its message
   */
  boolean decode(CodedBytes source, byte[] target, int size) throws IOException;
}
