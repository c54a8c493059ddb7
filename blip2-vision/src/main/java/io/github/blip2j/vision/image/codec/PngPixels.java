package io.github.blip2j.vision.image.codec;

import java.io.EOFException;
import java.io.IOException;
import java.util.zip.DataFormatException;
import java.util.zip.Inflater;

/**
 * The compressed data of a PNG image, over all chunks, in the pieces in which Pillow reads them. As
 * there, the image ends where its stream ends in the piece that completes a row, even if rows are
 * missing.
 */
final class PngPixels implements AutoCloseable {
  private static final int PIECE = 1 << 16;
  private static final int BUFFER = 1 << 15;

  private final byte[] file;
  private final PngHeader header;
  private final PngChunks chunks;
  private final boolean animated; // as the chunks before the pixels state
  private final Inflater inflater = new Inflater();
  private final byte[] buffer = new byte[BUFFER];
  private int bufferStart;
  private int bufferEnd;
  private long left; // bytes of the chunk's data
  private long wanted; // bytes of the image

  /** The data from the current chunk of {@code chunks} on. */
  PngPixels(byte[] file, PngHeader header, PngChunks chunks) {
    this.file = file;
    this.header = header;
    this.chunks = chunks;
    this.animated = header.isAnimated();
    this.left = chunks.length();
    if (chunks.type().equals("fdAT")) {
      startFrameData();
    }
  }

  /** Sets the number of bytes in the image; as in Pillow, data after them are ignored. */
  void expect(long bytes) {
    wanted = bytes;
  }

  /** Fills the first {@code length} bytes of {@code row}. */
  void read(byte[] row, int length) throws IOException {
    int filled = 0;
    while (filled < length) {
      if (bufferStart == bufferEnd) {
        inflate();
      }
      int count = Math.min(bufferEnd - bufferStart, length - filled);
      System.arraycopy(buffer, bufferStart, row, filled, count);
      bufferStart += count;
      filled += count;
    }
  }

  /** Whether the stream ended in the last read. */
  boolean isOver() {
    return bufferStart == bufferEnd && inflater.finished();
  }

  /** Checks the chunks after the pixels as Pillow does. */
  void checkRest() throws IOException {
    chunks.skip(left);
    while (true) {
      chunks.skipChecksum();
      try {
        chunks.next();
      } catch (IOException e) {
        return; // truncated between chunks, or no chunk follows
      }
      String type = chunks.type();
      if (type.equals("IEND") || (type.equals("fcTL") && animated)) {
        return;
      }
      if (type.equals("fdAT")) {
        header.readFrameNumber(chunks);
      }
      header.read(chunks);
      chunks.skip(chunks.length());
    }
  }

  @Override
  public void close() {
    inflater.end();
  }

  private void inflate() throws IOException {
    try {
      int count = 0;
      while (count == 0) {
        if (inflater.finished() || inflater.needsDictionary()) {
          throw new EOFException();
        }
        if (inflater.needsInput()) {
          readPiece();
        }
        count = inflater.inflate(buffer, 0, (int) Math.min(buffer.length, wanted));
      }
      wanted -= count;
      bufferStart = 0;
      bufferEnd = count;
    } catch (DataFormatException e) {
      throw new IOException("pixels that do not expand", e);
    }
  }

  private void readPiece() throws IOException {
    while (left == 0) {
      chunks.skipChecksum();
      chunks.next();
      switch (chunks.type()) {
        case "IDAT", "DDAT" -> left = chunks.length();
        case "fdAT" -> {
          header.readFrameNumber(chunks);
          startFrameData();
        }
        default -> throw new EOFException();
      }
    }
    int start = chunks.position();
    int piece = (int) Math.min(PIECE, left);
    left -= piece;
    chunks.skip(piece);
    if (chunks.position() == start) {
      throw new EOFException();
    }
    inflater.setInput(file, start, chunks.position() - start);
  }

  /** Reads the sequence number before the pixels of a later frame. */
  private void startFrameData() {
    chunks.skip(Integer.BYTES);
    left = chunks.length() - Integer.BYTES;
  }
}
