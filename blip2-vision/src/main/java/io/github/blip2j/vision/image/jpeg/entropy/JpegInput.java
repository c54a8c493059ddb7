package io.github.blip2j.vision.image.jpeg.entropy;

import java.io.EOFException;

/**
 * A position in a JPEG file in memory, and the pending marker before it, if any.
 *
 * <p>Pillow passes the file to libjpeg in pieces of 64 KiB, which decides whether a file without
 * its end is read: {@link #visible} is the end of the pieces passed so far.
 */
public final class JpegInput {
  private static final int PIECE = 1 << 16;

  public final byte[] file;

  /** The position of the next byte. */
  public int position;

  /** The pending marker, or {@link Marker#NONE}. */
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

  /** The end of the pieces that Pillow has passed when the position is reached. */
  public int visible() {
    while (visible < position) {
      visible += Math.min(PIECE, file.length - visible);
    }
    return visible;
  }

  /** Passes one more piece. */
  public void showMore() {
    visible += Math.min(PIECE, file.length - visible);
  }

  /** Ends the file with the pieces passed so far. */
  public void endWithVisible() {
    end = visible();
  }

  /** Finds the next marker, over stray bytes, stuffed zeros and padding. */
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
   * Passes restart marker {@code expected}, 0 to 7. For another marker, libjpeg's rule decides
   * ({@code jpeg_resync_to_restart}): data up to a late marker are skipped, and an early marker
   * stays pending, so that the interval in between is empty.
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
        break; // too far from the expected one
      }
    }
    marker = Marker.NONE;
  }
}
