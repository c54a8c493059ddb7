package io.github.blip2j.vision.image.jpeg;

import io.github.blip2j.vision.image.codec.ByteReader;
import io.github.blip2j.vision.image.codec.Exif;
import io.github.blip2j.vision.image.codec.ImageHeader;
import io.github.blip2j.vision.image.jpeg.entropy.Marker;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.Locale;

/**
 * Pillow's pass over the segments before the first scan, which precedes libjpeg. It finds the EXIF
 * data, and rejects some files that libjpeg would read.
 */
final class HeaderWalk {
  private static final String EXIF = "Exif\0\0";
  private static final String PROFILE = "ICC_PROFILE\0";
  private static final String PHOTOSHOP = "Photoshop 3.0\0";
  private static final String RESOURCE = "8BIM";
  private static final int PROFILE_HEADER_BYTES = 14;
  private static final int VERSION_BYTES = 7; // of JFIF and Adobe segments, up to the version

  private final byte[] file;
  private final ByteReader reader;
  private final ByteArrayOutputStream exif = new ByteArrayOutputStream();
  private byte[] firstProfile = {}; // the first in byte order, in which Pillow sorts them

  private HeaderWalk(byte[] file) {
    this.file = file;
    this.reader = new ByteReader(file, 2);
  }

  /**
   * Reads the header of {@code file}.
   *
   * @return its EXIF orientation
   * @throws IOException if Pillow rejects the file
   */
  static int orientation(byte[] file) throws IOException {
    var walk = new HeaderWalk(file);
    walk.walk();
    byte[] tiff = walk.exif.toByteArray();
    return tiff.length == 0 ? ImageHeader.UPRIGHT : Exif.orientation(tiff, 0, tiff.length);
  }

  static boolean startsWith(byte[] file, int from, String text) {
    byte[] start = text.getBytes(StandardCharsets.ISO_8859_1);
    int to = from + start.length;
    return to <= file.length && Arrays.equals(file, from, to, start, 0, start.length);
  }

  private void walk() throws IOException {
    int marker = Marker.NONE;
    while (marker != Marker.SOS) {
      marker = nextMarker();
      boolean empty = Marker.isRestart(marker) || marker == Marker.SOI || marker == Marker.EOI;
      if (marker < Marker.SOF0) {
        throw new IOException(String.format(Locale.ROOT, "marker %02x", marker));
      }
      if (!empty) {
        // A length of 0 or 1 leaves nothing to skip.
        int length = Math.max(0, reader.u16() - 2);
        int data = reader.position();
        reader.skip(length);
        requirePlain(marker, data, length);
      }
    }
  }

  /** Skips stray bytes, stuffed zeros and padding. */
  private int nextMarker() throws IOException {
    int previous = 0;
    int current = reader.u8();
    while (previous != 0xFF || current == 0xFF || current == 0) {
      previous = current;
      current = reader.u8();
    }
    return current;
  }

  private void requirePlain(int marker, int data, int length) throws IOException {
    switch (marker) {
      case Marker.APP0 -> requireVersion("JFIF", data, length);
      case Marker.APP1 -> {
        if (length >= EXIF.length() && startsWith(file, data, EXIF)) {
          exif.write(file, data + EXIF.length(), length - EXIF.length());
        }
      }
      case Marker.APP2 -> {
        if (length >= PROFILE.length() && startsWith(file, data, PROFILE)) {
          byte[] profile = Arrays.copyOfRange(file, data, data + length);
          boolean first =
              firstProfile.length == 0 || Arrays.compareUnsigned(profile, firstProfile) < 0;
          firstProfile = first ? profile : firstProfile;
        }
      }
      case Marker.APP13 -> requireResources(data, length);
      case Marker.APP14 -> requireVersion("Adobe", data, length);
      default -> {
        if (Marker.isFrame(marker)
            && firstProfile.length > 0
            && firstProfile.length < PROFILE_HEADER_BYTES) {
          throw new IOException("a colour profile without its number");
        }
      }
    }
  }

  private void requireVersion(String name, int data, int length) throws IOException {
    boolean named = length >= name.length() && startsWith(file, data, name);
    if (named && length < VERSION_BYTES) {
      throw new IOException("a " + name + " segment without its version");
    }
  }

  /** Rejects Photoshop resources whose name ends beyond the segment. */
  private void requireResources(int data, int length) throws IOException {
    if (length < PHOTOSHOP.length() || !startsWith(file, data, PHOTOSHOP)) {
      return;
    }
    long at = PHOTOSHOP.length();
    while (at + RESOURCE.length() <= length && startsWith(file, data + (int) at, RESOURCE)) {
      at += RESOURCE.length() + 2; // and its id
      if (at > length) {
        return;
      }
      if (at == length) {
        throw new IOException("a Photoshop resource without a name");
      }
      at += 1 + (file[data + (int) at] & 0xFF);
      at += at & 1;
      if (at + 4 > length) {
        return;
      }
      at += 4 + Integer.toUnsignedLong(new ByteReader(file, data + (int) at).i32());
      at += at & 1;
    }
  }
}
