package io.github.blip2j.vision.image;

import io.github.blip2j.vision.image.codec.BmpFile;
import io.github.blip2j.vision.image.codec.EncodedImage;
import io.github.blip2j.vision.image.codec.GifFile;
import io.github.blip2j.vision.image.codec.PngFile;
import io.github.blip2j.vision.image.jpeg.JpegFile;
import io.github.blip2j.vision.image.tiff.TiffFile;
import io.github.blip2j.vision.image.webp.WebpFile;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.util.HexFormat;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** The formats that are read, recognised by their first bytes and not by the file's name. */
enum ImageFormat {
  JPEG,
  PNG,
  GIF,
  BMP,
  TIFF,
  WEBP;

  private static final int SHOWN_BYTES = 8;

  // Beginnings of what people pass most often instead; bytes 4 to 7 name the brand of an MP4 box.
  private static final Map<String, String> OTHERS =
      Map.of(
          "RIFF", "a RIFF file, but not WebP",
          "%PDF", "a PDF file",
          "PK\3\4", "a ZIP file",
          "ftyp", "an AVIF, HEIC or MP4 file");

  /** The format that {@code file} begins like, or null. */
  static @Nullable ImageFormat of(byte[] file) {
    String start = latin(file, 0, PngFile.SIGNATURE.length());
    if (start.startsWith("\u00ff\u00d8\u00ff")) {
      return JPEG;
    }
    if (start.equals(PngFile.SIGNATURE)) {
      return PNG;
    }
    if (start.startsWith("GIF87a") || start.startsWith("GIF89a")) {
      return GIF;
    }
    if (start.startsWith("BM")) {
      return BMP;
    }
    if (start.startsWith("RIFF") && latin(file, 8, 4).equals("WEBP")) {
      return WEBP;
    }
    return TiffFile.begins(file) ? TIFF : null;
  }

  /** What {@code file} seems to be if it is none of these, for error messages. */
  static String describe(byte[] file) {
    String known = OTHERS.getOrDefault(latin(file, 0, 4), OTHERS.get(latin(file, 4, 4)));
    if (known != null) {
      return known;
    }
    int shown = Math.min(file.length, SHOWN_BYTES);
    return "bytes " + HexFormat.ofDelimiter(" ").formatHex(file, 0, shown);
  }

  /** Reads the header of {@code file}, which this format recognised. */
  EncodedImage open(byte[] file) throws IOException {
    return switch (this) {
      case JPEG -> JpegFile.parse(file);
      case PNG -> PngFile.parse(file);
      case GIF -> GifFile.parse(file);
      case BMP -> BmpFile.parse(file);
      case TIFF -> TiffFile.parse(file);
      case WEBP -> WebpFile.parse(file);
    };
  }

  private static String latin(byte[] file, int from, int length) {
    int start = Math.min(from, file.length);
    int end = Math.min(from + length, file.length);
    return new String(file, start, end - start, StandardCharsets.ISO_8859_1);
  }
}
