package io.github.blip2j.vision.image.tiff;

import java.io.IOException;
import java.util.Arrays;
import java.util.Locale;
import org.jspecify.annotations.Nullable;

/**
 * The meaning of a file's samples: Pillow's mode and raw mode for its directory ({@code OPEN_INFO}
 * and {@code _setup} of {@code TiffImagePlugin}).
 *
 * @param mode of the image, as Pillow names it
 * @param rawMode of uncompressed pixels, and of compressed ones if this raw mode is known
 * @param samples of one pixel, as Pillow expects
 * @param colorSamples the number by which Pillow divides rows if colours are in separate planes
 * @param bits of one sample
 * @param isYcc whether the photometric interpretation is YCbCr, even for a single sample
 */
record PixelLayout(
    String mode, String rawMode, int samples, int colorSamples, int bits, boolean isYcc) {
  static final int YCBCR = 6;

  private static final int MAX_SAMPLES = 6;
  private static final int MAX_EXTRAS = 3;
  private static final int UNSIGNED = 1;
  private static final int SIGNED = 2;
  private static final int FLOAT = 3;

  /**
   * The layout of the image in {@code directory}.
   *
   * @param compressed whether libtiff would read it, which reverses the bits of FillOrder 2 itself
   */
  static PixelLayout of(Directory directory, boolean compressed) throws IOException {
    long photometric = directory.number(Tags.PHOTOMETRIC, 0L);
    boolean planar = directory.numberIfAny(Tags.PLANAR_CONFIGURATION, 1L) == 2;
    long fillOrder = directory.number(Tags.FILL_ORDER, 1L);
    int format = sampleFormat(directory);
    long[] bits = directory.integers(Tags.BITS_PER_SAMPLE, 64, 1);
    long[] extras = directory.integers(Tags.EXTRA_SAMPLES, 64);
    long samples = directory.number(Tags.SAMPLES_PER_PIXEL, 1L);
    int colorSamples =
        photometric == 2 || photometric == YCBCR || photometric == 8 ? 3 : photometric == 5 ? 4 : 1;
    if (planar && extras.length > 0 && Arrays.stream(extras).max().orElse(0) == 0) {
      // Unspecified samples in separate planes can be left unread.
      bits = Arrays.copyOf(bits, Math.max(0, bits.length - extras.length));
      samples -= extras.length;
      extras = new long[0];
    }
    colorSamples += extras.length;
    if (samples < 1 || samples > MAX_SAMPLES) {
      throw new IOException(samples + " samples per pixel are not supported");
    }
    bits = bitsOfAll(bits, (int) samples);
    boolean backwards = fillOrder == 2;
    String found = null;
    if ((fillOrder == 1 || backwards) && Arrays.stream(bits).distinct().count() == 1) {
      var kind = new Kind(directory.littleEndian(), format, backwards, (int) bits[0], extras);
      found = kind.find(photometric, (int) samples);
      if (found != null && backwards && compressed) {
        found =
            new Kind(kind.little, format, false, kind.bits, extras)
                .find(photometric, (int) samples);
      }
    }
    if (found == null) {
      throw new IOException(
          String.format(
                  Locale.ROOT,
                  "%d samples of %s bits with %s extra ones, format %d, of photometric interpretation %d are",
                  samples,
                  Arrays.toString(bits),
                  Arrays.toString(extras),
                  format,
                  photometric)
              + " not supported");
    }
    int slash = found.indexOf('/');
    return new PixelLayout(
        found.substring(0, slash),
        found.substring(slash + 1),
        (int) samples,
        colorSamples,
        (int) bits[0],
        photometric == YCBCR);
  }

  private static int sampleFormat(Directory directory) throws IOException {
    long[] formats = directory.integers(Tags.SAMPLE_FORMAT, 64, UNSIGNED);
    boolean same = Arrays.stream(formats).allMatch(format -> format == formats[0]);
    return same && formats[0] <= FLOAT ? (int) formats[0] : 0;
  }

  /** The bits of each sample: the stated numbers without the surplus, or the only one repeated. */
  private static long[] bitsOfAll(long[] bits, int samples) throws IOException {
    if (bits.length == 1) {
      long[] all = new long[samples];
      Arrays.fill(all, bits[0]);
      return all;
    }
    if (bits.length < samples) {
      throw new IOException(
          String.format(
              Locale.ROOT, "%d samples per pixel with the bits of %d", samples, bits.length));
    }
    return Arrays.copyOf(bits, samples);
  }

  /**
   * The samples of a pixel in Pillow's image: two for gray and alpha, four for colours and alpha.
   */
  int bands() {
    return switch (mode) {
      case "LA", "PA" -> 2;
      case "RGB", "YCbCr", "LAB" -> 3;
      case "RGBA", "CMYK" -> 4;
      default -> 1;
    };
  }

  /** The samples of a pixel that must be kept: all but an alpha, which is dropped in the end. */
  int channels() {
    return mode.equals("RGBA") ? 3 : mode.equals("CMYK") ? 4 : bands() == 3 ? 3 : 1;
  }

  /** Looks up {@code OPEN_INFO}. */
  private static final class Kind {
    private final boolean little;
    private final int format;
    private final boolean backwards;
    private final int bits;
    private final long[] extras;

    Kind(boolean little, int format, boolean backwards, int bits, long[] extras) {
      this.little = little;
      this.format = format;
      this.backwards = backwards;
      this.bits = bits;
      this.extras = extras;
    }

    @Nullable String find(long photometric, int samples) {
      boolean plain = extras.length == 0;
      if (photometric == 0 || photometric == 1) {
        return samples == 1 && plain ? gray(photometric == 0) : grayAlpha(photometric, samples);
      }
      if (format != UNSIGNED) {
        return null;
      }
      if (photometric == 3) {
        return palette(samples);
      }
      if (backwards) {
        boolean rgb = photometric == 2 && samples == 3 && bits == 8 && plain;
        return rgb ? "RGB/RGB;R" : null;
      }
      if (photometric == 2) {
        return rgb(samples);
      }
      if (photometric == 5) {
        return cmyk(samples);
      }
      if (bits != 8 || !plain) {
        return null;
      }
      if (photometric == YCBCR) {
        return samples == 1 ? "L/L" : samples == 3 ? "YCbCr/YCbCr" : null;
      }
      return photometric == 8 && samples == 3 ? "LAB/LAB" : null;
    }

    private @Nullable String gray(boolean whiteIsZero) {
      if (format == UNSIGNED && bits <= 8) {
        String flags = (whiteIsZero ? "I" : "") + (backwards ? "R" : "");
        String name = bits == 1 ? "1" : "L";
        String width = bits == 2 || bits == 4 ? Integer.toString(bits) : "";
        boolean known = bits == 1 || bits == 2 || bits == 4 || bits == 8;
        String all = width + flags;
        return known ? name + "/" + name + (all.isEmpty() ? "" : ";" + all) : null;
      }
      if (format == UNSIGNED) {
        return unsigned(whiteIsZero);
      }
      if (backwards) {
        return null;
      }
      if (format == FLOAT) {
        return bits == 32 ? (little ? "F/F;32F" : "F/F;32BF") : null;
      }
      if (format != SIGNED || whiteIsZero) {
        return null;
      }
      return switch (bits) {
        case 8 -> "L/L";
        case 16 -> little ? "I/I;16S" : "I/I;16BS";
        case 32 -> little ? "I/I;32S" : "I/I;32BS";
        default -> null;
      };
    }

    private @Nullable String unsigned(boolean whiteIsZero) {
      if (bits == 16 && little) {
        return backwards ? (whiteIsZero ? null : "I;16/I;16R") : "I;16/I;16";
      }
      if (whiteIsZero || backwards) {
        return null;
      }
      return switch (bits) {
        case 12 -> little ? "I;16/I;12" : null;
        case 16 -> "I;16B/I;16B";
        case 32 -> little ? "I/I;32N" : null;
        default -> null;
      };
    }

    private @Nullable String grayAlpha(long photometric, int samples) {
      boolean found =
          photometric == 1
              && samples == 2
              && format == UNSIGNED
              && !backwards
              && bits == 8
              && Arrays.equals(extras, new long[] {2});
      return found ? "LA/LA" : null;
    }

    private @Nullable String palette(int samples) {
      if (samples == 1 && extras.length == 0) {
        return switch (bits) {
          case 1, 2, 4 -> "P/P;" + bits + (backwards ? "R" : "");
          case 8 -> backwards ? "P/P;R" : "P/P";
          default -> null;
        };
      }
      if (samples != 2 || bits != 8 || backwards || extras.length != 1) {
        return null;
      }
      return extras[0] == 0 ? "P/PX" : extras[0] == 2 ? "PA/PA" : null;
    }

    private @Nullable String rgb(int samples) {
      String wide = bits == 16 ? (little ? ";16L" : ";16B") : "";
      if (bits != 8 && bits != 16) {
        return null;
      }
      if (extras.length == 0) {
        return samples == 3 ? "RGB/RGB" + wide : samples == 4 ? "RGBA/RGBA" + wide : null;
      }
      int rest = extras.length - 1;
      boolean known = samples == 3 + extras.length && onlyFirstExtra() && (bits == 8 || rest == 0);
      if (!known || extras.length > MAX_EXTRAS) {
        return null;
      }
      String more = "X".repeat(rest) + wide;
      if (extras[0] == 999) { // Corel Draw 10
        return rest == 0 && bits == 8 ? "RGBA/RGBA" : null;
      }
      return extras[0] == 0
          ? "RGB/RGBX" + more
          : extras[0] == 1 ? "RGBA/RGBa" + more : extras[0] == 2 ? "RGBA/RGBA" + more : null;
    }

    private @Nullable String cmyk(int samples) {
      if (extras.length == 0 && samples == 4) {
        return bits == 8 ? "CMYK/CMYK" : bits == 16 ? "CMYK/CMYK;16" + (little ? "L" : "B") : null;
      }
      boolean known =
          bits == 8
              && extras.length > 0
              && extras.length < MAX_EXTRAS
              && samples == 4 + extras.length
              && extras[0] == 0
              && onlyFirstExtra();
      return known ? "CMYK/CMYK" + "X".repeat(extras.length) : null;
    }

    private boolean onlyFirstExtra() {
      return Arrays.stream(extras).skip(1).allMatch(extra -> extra == 0);
    }
  }
}
