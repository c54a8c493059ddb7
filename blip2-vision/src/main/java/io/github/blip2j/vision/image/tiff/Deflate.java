package io.github.blip2j.vision.image.tiff;

import java.io.EOFException;
import java.io.IOException;
import java.util.zip.DataFormatException;
import java.util.zip.Inflater;

/** Zlib streams (TIFF technical note on Deflate, RFC 1950). */
final class Deflate implements Decompressor {
  @Override
  public boolean decode(CodedBytes source, byte[] target, int size) throws IOException {
    var inflater = new Inflater();
    try {
      inflater.setInput(source.bytes(), source.from(), source.length());
      int filled = 0;
      while (filled < size) {
        int more = inflater.inflate(target, filled, size - filled);
        filled += more;
        if (more == 0 && (inflater.finished() || inflater.needsInput())) {
          throw new EOFException();
        }
        if (more == 0) {
          throw new IOException("Deflate data with a dictionary");
        }
      }
      return true;
    } catch (DataFormatException e) {
      throw new IOException("damaged Deflate data", e);
    } finally {
      inflater.end();
    }
  }
}
