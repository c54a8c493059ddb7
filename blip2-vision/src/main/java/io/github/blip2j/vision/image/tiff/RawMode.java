package io.github.blip2j.vision.image.tiff;

import java.io.IOException;
import java.util.Locale;
import org.jspecify.annotations.Nullable;

/**
 * The layout of the pixels of a row in a strip or tile, by Pillow's name for it ({@code
 * libImaging/Unpack.c}): its colours, then special properties. {@code 16B} and {@code 16L} state
 * the byte order, {@code N} is little-endian here, {@code I} means that white is zero, {@code R}
 * reversed bits, {@code S} signed, {@code F} floating point, {@code X} a sample to skip, {@code a}
 * premultiplied alpha.
 *
 * @param bits of one pixel
 * @param unpacker writes pixels to the image
 */
record RawMode(int bits, Unpacker unpacker) {

  /** Writes {@code pixels} samples or groups of samples between these positions. */
  @FunctionalInterface
  interface Unpacker {
    void unpack(byte[] in, int from, byte[] out, int to, int pixels);
  }

  /** The gray level of a sample that begins at {@code at}. */
  @FunctionalInterface
  private interface Level {
    int at(byte[] in, int at);
  }

  /**
   * The raw mode of this name in an image of this mode.
   *
   * @param channels samples of one pixel of the image
   * @throws IOException if Pillow has no such raw mode
   */
  static RawMode of(String mode, String name, int channels) throws IOException {
    RawMode found =
        switch (mode) {
          case "1" -> name.startsWith("1") ? packed(1, 255, name) : null;
          case "L", "P" -> gray(mode, name);
          case "LA", "PA" -> name.equals(mode) ? levels(2, (in, at) -> in[at]) : null;
          case "I;16", "I;16B" -> gray16(mode, name);
          case "I", "F" -> clipped(name);
          default -> colors(mode, name, channels);
        };
    if (found == null) {
      throw new IOException(
          String.format(Locale.ROOT, "%s samples of %s are not supported", name, mode));
    }
    return found;
  }

  private static @Nullable RawMode gray(String mode, String name) {
    return switch (name) {
      case "L", "P" -> name.equals(mode) ? levels(1, (in, at) -> in[at]) : null;
      case "L;I" -> levels(1, (in, at) -> ~in[at]);
      case "L;R", "P;R" -> levels(1, (in, at) -> BitOrder.reversed(in[at]));
      case "PX" -> levels(2, (in, at) -> in[at]);
      case "L;2", "L;2I", "L;2R", "L;2IR" -> packed(2, 0x55, name);
      case "L;4", "L;4I", "L;4R", "L;4IR" -> packed(4, 0x11, name);
      case "P;1" -> packed(1, 1, name);
      case "P;2" -> packed(2, 1, name);
      case "P;4" -> packed(4, 1, name);
      default -> null;
    };
  }

  /**
   * 16-bit gray. Differs from HF: Pillow clips these levels at 255; here they keep their upper
   * byte.
   */
  private static @Nullable RawMode gray16(String mode, String name) {
    return switch (name) {
      case "I;16" -> mode.equals("I;16") ? levels(2, (in, at) -> in[at + 1]) : null;
      case "I;16N" -> levels(2, (in, at) -> in[at + 1]);
      case "I;16B" -> levels(2, (in, at) -> in[at]);
      case "I;16R" -> levels(2, (in, at) -> BitOrder.reversed(in[at + 1]));
      case "I;12" -> new RawMode(12, RawMode::unpackTwelveBits);
      default -> null;
    };
  }

  private static @Nullable RawMode clipped(String name) {
    return switch (name) {
      case "I;16S" -> levels(2, (in, at) -> clip((short) u16(in, at)));
      case "I;16BS" -> levels(2, (in, at) -> clip(Short.reverseBytes((short) u16(in, at))));
      case "I;32N", "I;32S", "I" -> levels(4, (in, at) -> clip(i32(in, at)));
      case "I;32BS" -> levels(4, (in, at) -> clip(Integer.reverseBytes(i32(in, at))));
      case "F;32F", "F" -> levels(4, (in, at) -> clip(Float.intBitsToFloat(i32(in, at))));
      case "F;32BF" ->
          levels(4, (in, at) -> clip(Float.intBitsToFloat(Integer.reverseBytes(i32(in, at)))));
      default -> null;
    };
  }

  private static @Nullable RawMode colors(String mode, String name, int channels) {
    int semicolon = name.indexOf(';');
    String bands = semicolon < 0 ? name : name.substring(0, semicolon);
    String flags = semicolon < 0 ? "" : name.substring(semicolon + 1);
    if (bands.isEmpty()) {
      return null;
    }
    if (bands.length() == 1) {
      int channel = mode.equals("YCbCr") ? -1 : mode.indexOf(bands);
      return channel < 0 ? null : plane(channel, channels, 1);
    }
    // Upper bytes, two at a time.
    int sampleBytes = flags.startsWith("16") ? 2 : 1;
    int first = flags.equals("16L") || flags.equals("16N") ? 1 : 0;
    int pixelBytes = sampleBytes * (mode.equals("YCbCr") ? 3 : bands.length());
    return switch (flags) {
      case "R" -> new RawMode(24, RawMode::unpackReversed);
      case "", "16L", "16B", "16N" -> {
        Unpacker unpacker;
        if (bands.indexOf('a') >= 0) {
          unpacker = new Premultiplied(first, sampleBytes, pixelBytes, channels);
        } else if (mode.equals("LAB")) {
          unpacker = RawMode::unpackLab;
        } else if (pixelBytes == channels) {
          unpacker = (in, from, out, to, n) -> System.arraycopy(in, from, out, to, n * channels);
        } else {
          unpacker = new PickedSamples(first, sampleBytes, pixelBytes, channels);
        }
        yield new RawMode(8 * pixelBytes, unpacker);
      }
      default -> null;
    };
  }

  /**
   * One colour of an image with separate planes.
   *
   * @param channel its index in a pixel; if the image has fewer channels, it is dropped
   * @param sampleBytes 2 for little-endian samples, whose upper byte is kept
   */
  static RawMode plane(int channel, int channels, int sampleBytes) {
    if (channel >= channels) {
      return new RawMode(8 * sampleBytes, (in, from, out, to, n) -> {});
    }
    return new RawMode(
        8 * sampleBytes,
        (in, from, out, to, n) -> {
          int s = from + sampleBytes - 1;
          int t = to + channel;
          for (int i = 0; i < n; i++, s += sampleBytes, t += channels) {
            out[t] = in[s];
          }
        });
  }

  private static RawMode levels(int bytes, Level level) {
    return new RawMode(
        8 * bytes,
        (in, from, out, to, n) -> {
          for (int i = 0; i < n; i++) {
            out[to + i] = (byte) level.at(in, from + i * bytes);
          }
        });
  }

  /** Samples of {@code bits} bits, several in a byte, each multiplied by {@code scale}. */
  private static RawMode packed(int bits, int scale, String name) {
    boolean inverted = name.endsWith("I") || name.endsWith("IR");
    // Whole bytes are reversed; for one-bit samples that equals a reversed order of samples.
    boolean reversed = name.endsWith("R");
    int perByte = 8 / bits;
    int mask = (1 << bits) - 1;
    byte[] table = new byte[256 * perByte];
    for (int value = 0; value < 256; value++) {
      int bytes = reversed ? BitOrder.reversed((byte) value) : value;
      for (int i = 0; i < perByte; i++) {
        int level = ((bytes >> (8 - bits * (i + 1))) & mask) * scale;
        table[value * perByte + i] = (byte) (inverted ? 255 - level : level);
      }
    }
    return new RawMode(
        bits,
        (in, from, out, to, n) -> {
          for (int done = 0; done < n; done += perByte) {
            int value = in[from++] & 0xFF;
            System.arraycopy(table, value * perByte, out, to + done, Math.min(perByte, n - done));
          }
        });
  }

  private static void unpackTwelveBits(byte[] in, int from, byte[] out, int to, int pixels) {
    for (int i = 0; i < pixels; i++) {
      // The upper eight of twelve bits: one byte, or two halves.
      int at = from + i / 2 * 3;
      boolean second = (i & 1) != 0;
      out[to + i] = second ? (byte) ((in[at + 1] << 4) | ((in[at + 2] & 0xFF) >> 4)) : in[at];
    }
  }

  private static void unpackReversed(byte[] in, int from, byte[] out, int to, int pixels) {
    for (int i = 0; i < 3 * pixels; i++) {
      out[to + i] = (byte) BitOrder.reversed(in[from + i]);
    }
  }

  private static void unpackLab(byte[] in, int from, byte[] out, int to, int pixels) {
    for (int i = 0; i < 3 * pixels; i += 3) {
      out[to + i] = in[from + i];
      out[to + i + 1] = (byte) (in[from + i + 1] ^ 128); // signed in the file
      out[to + i + 2] = (byte) (in[from + i + 2] ^ 128);
    }
  }

  private static int u16(byte[] in, int at) {
    return (in[at] & 0xFF) | ((in[at + 1] & 0xFF) << 8);
  }

  private static int i32(byte[] in, int at) {
    return u16(in, at) | (u16(in, at + 2) << 16);
  }

  private static int clip(int level) {
    return Math.max(0, Math.min(255, level));
  }

  /** Rounds down; NaN becomes black, as in C on common processors. */
  private static int clip(float level) {
    return level >= 255 ? 255 : Math.max(0, (int) level);
  }
}
