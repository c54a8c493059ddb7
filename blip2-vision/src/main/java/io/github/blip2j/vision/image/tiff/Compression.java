package io.github.blip2j.vision.image.tiff;

import java.io.IOException;

/** Pillow's compression methods, with their numbers in a file. */
enum Compression {
  NONE(1, "none"),
  CCITT_RLE(2, "CCITT RLE"),
  CCITT_GROUP3(3, "CCITT Group 3"),
  CCITT_GROUP4(4, "CCITT Group 4"),
  LZW(5, "LZW"),
  OLD_JPEG(6, "old-style JPEG"),
  JPEG(7, "JPEG"),
  DEFLATE(8, "Deflate"),
  CCITT_RLE_WORDS(32771, "CCITT RLE in words"),
  PACK_BITS(32773, "PackBits"),
  THUNDERSCAN(32809, "ThunderScan"),
  OLD_DEFLATE(32946, "Deflate"),
  SGI_LOG(34676, "SGI LogLuv"),
  SGI_LOG24(34677, "SGI LogLuv"),
  LZMA(34925, "LZMA"),
  ZSTD(50000, "Zstandard"),
  WEBP(50001, "WebP");

  private final int number;
  private final String title;

  Compression(int number, String title) {
    this.number = number;
    this.title = title;
  }

  /**
   * The compression method with this number.
   *
   * @throws IOException if Pillow rejects it
   */
  static Compression of(long number) throws IOException {
    for (Compression compression : values()) {
      if (compression.number == number) {
        return compression;
      }
    }
    throw new IOException("compression " + number + " is not supported");
  }

  /** Its name in error messages. */
  String title() {
    return title;
  }

  /** Whether it is one of the facsimile methods. */
  boolean isFax() {
    return this == CCITT_RLE
        || this == CCITT_RLE_WORDS
        || this == CCITT_GROUP3
        || this == CCITT_GROUP4;
  }
}
