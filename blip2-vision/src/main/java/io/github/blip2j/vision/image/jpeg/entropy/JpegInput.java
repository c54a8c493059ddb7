package io.github.blip2j.vision.image.jpeg.entropy;

import java.io.EOFException;

/**
 * A position in a JPEG file held in memory, and the marker that stands before it if one was met and
 * not yet dealt with.
 *
 * <p>Pillow hands libjpeg the file in pieces of 64 KiB. That decides whether a file without its end
 * is read: {@link #visible} is the end of the pieces handed over so far.
 */
public final class JpegInput {
  private static final int PIECE = 1 << 16;

  public final byte[] file;

  /** Where the next byte is read. */
  public int position;

  /** The marker met, or {@link Marker#NONE}. */
  public int marker;

  private int end;
  private int visible;

  public JpegInput(byte[] file) {
    this.file = file;
    this.end = file.length;
  }

  public int u8() throws EOFException {
    if (position >= end) {
      throw new EOFException();
    }
    return file[position++] & 0xFF;
  }

  public int u16() throws EOFException {
    return u8() << 8 | u8();
  }

  public void skip(int bytes) throws EOFException {
    if (bytes > end - position) {
      throw new EOFException();
    }
    position += bytes;
  }

  /** The end of the pieces that Pillow has handed over, once the position lies within them. */
  public int visible() {
    while (visible < position) {
      visible += Math.min(PIECE, file.length - visible);
    }
    return visible;
  }

  /** Hands over one more piece. */
  public void showMore() {
    visible += Math.min(PIECE, file.length - visible);
  }

  /** Lets the file end with the pieces handed over so far. */
  public void endWithVisible() {
    end = visible();
  }

  /** Meets the next marker, over stray bytes, stuffed zeros and padding. */
  public void nextMarker() throws EOFException {
    int code = 0;
    while (code == 0) {
      while (u8() != 0xFF) {
        // Stray bytes are a warning to libjpeg.
      }
      do {
        code = u8();
      } while (code == 0xFF);
    }
    marker = code;
  }

  /**
   * Passes the restart marker of number {@code expected}, 0 to 7. Where another marker stands in
   * its place, libjpeg's rule decides ({@code jpeg_resync_to_restart}): a late marker is waited
   * for, an early one is left, so that the interval in between stays empty.
   */
  public void passRestart(int expected) throws EOFException {
    if (marker == Marker.NONE) {
      nextMarker();
    }
    while (marker != Marker.RST0 + expected) {
      int ahead = marker - Marker.RST0 - expected & 7;
      boolean restart = Marker.isRestart(marker);
      if (marker < Marker.SOF0 || (restart && ahead >= 6)) {
        nextMarker();
      } else if (!restart || ahead <= 2) {
        return;
      } else {
        break; // too far from what is expected to be trusted
      }
    }
    marker = Marker.NONE;
  }
}
