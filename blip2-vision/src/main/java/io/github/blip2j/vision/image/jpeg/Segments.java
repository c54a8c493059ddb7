package io.github.blip2j.vision.image.jpeg;

import io.github.blip2j.vision.image.jpeg.Frame.Coding;
import io.github.blip2j.vision.image.jpeg.entropy.ArithmeticConditioning;
import io.github.blip2j.vision.image.jpeg.entropy.ArithmeticDecoder;
import io.github.blip2j.vision.image.jpeg.entropy.JpegInput;
import io.github.blip2j.vision.image.jpeg.entropy.Marker;
import java.io.EOFException;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import org.jspecify.annotations.Nullable;

/**
 * The marker segments of a file (ITU-T T.81, annex B), as libjpeg reads them: its errors are
 * errors, its warnings are not.
 */
final class Segments {
  private static final int MOST_PARTS = 4;
  private static final int PRECISION = 8;
  private static final int JFIF_BYTES = 14;
  private static final int ADOBE_BYTES = 12;
  private static final long FREE_DECISIONS = 1L << 29;
  private static final long MOST_DECISIONS = 256; // per block

  final JpegInput input;
  final Tables tables = new Tables();
  final ArithmeticConditioning conditioning = new ArithmeticConditioning();
  private @Nullable Frame frame;
  private @Nullable Scan scan;
  private ArithmeticDecoder.@Nullable Budget decisions;
  private int scans;
  private int restartInterval;
  private boolean jfif;
  private int adobeTransform = JpegColors.NO_ADOBE_SEGMENT;

  Segments(byte[] file) {
    this.input = new JpegInput(file);
  }

  /** Reads up to the first scan, over streams of tables alone. */
  void readHeader() throws IOException {
    do {
      readStart();
    } while (!nextScan());
  }

  Frame frame() throws IOException {
    if (frame == null) {
      throw new IOException("no frame");
    }
    return frame;
  }

  /** The scan whose coded data follow. */
  Scan scan() throws IOException {
    if (scan == null) {
      throw new IOException("no scan");
    }
    return scan;
  }

  /** The number of scans so far, including the current one. */
  int scans() {
    return scans;
  }

  /** The remaining number of arithmetic-coding decisions. */
  ArithmeticDecoder.Budget decisions() throws IOException {
    if (decisions == null) {
      decisions = new ArithmeticDecoder.Budget(FREE_DECISIONS + MOST_DECISIONS * frame().blocks());
    }
    return decisions;
  }

  JpegColors colors() throws IOException {
    int[] ids = frame().components().stream().mapToInt(component -> component.id).toArray();
    JpegColors colors = JpegColors.of(ids, jfif, adobeTransform);
    return frame().coding() == Coding.LOSSLESS ? colors.lossless(jfif, adobeTransform) : colors;
  }

  /** Fixes the quantisation tables of components in their first scan. */
  void fixQuantization() throws IOException {
    for (Scan.Part part : scan().parts()) {
      Component component = part.component();
      if (!component.isQuantized()) {
        component.quantize(tables.steps(component.tableIndex));
      }
    }
  }

  private void readStart() throws IOException {
    if (input.u8() != 0xFF || input.u8() != Marker.SOI) {
      throw new IOException("no start of image");
    }
    conditioning.reset();
    restartInterval = 0;
    jfif = false;
    adobeTransform = JpegColors.NO_ADOBE_SEGMENT;
  }

  /**
   * Reads up to the next scan header, or to the end of the image.
   *
   * @return whether a scan follows
   * @throws EOFException if the file ends first
   */
  boolean nextScan() throws IOException {
    while (true) {
      if (input.marker == Marker.NONE) {
        input.nextMarker();
      }
      int marker = input.marker;
      if (marker == Marker.EOI) {
        input.marker = Marker.NONE;
        if (frame != null && scan == null) {
          throw new IOException("no scan");
        }
        return false;
      }
      read(marker);
      input.marker = Marker.NONE;
      if (marker == Marker.SOS) {
        return true;
      }
    }
  }

  /**
   * Checks that no scan follows. The rest is read as Pillow makes libjpeg read it: up to the end of
   * the image, or of the current piece of the file, which is not an error.
   */
  void requireLastScan() throws IOException {
    input.endWithVisible();
    try {
      if (nextScan()) {
        throw new IOException("a scan too many");
      }
    } catch (EOFException e) {
      // All rows are complete.
    }
  }

  private void read(int marker) throws IOException {
    if (Marker.isFrame(marker)) {
      readFrame(marker);
    } else if (marker >= Marker.APP0 && marker <= Marker.APP15) {
      readApplication(marker);
    } else if (!Marker.isRestart(marker) && marker != Marker.TEM) { // these have no length
      switch (marker) {
        case Marker.SOS -> readScan();
        case Marker.DHT -> tables.readHuffman(input);
        case Marker.DQT -> tables.readQuantization(input);
        case Marker.DAC -> conditioning.read(input);
        case Marker.DRI -> readRestartInterval();
        case Marker.COM, Marker.DNL -> skip(input.u16() - 2);
        case Marker.SOI -> throw new IOException("two starts of image");
        default -> throw new IOException(String.format(Locale.ROOT, "marker %02x", marker));
      }
    }
  }

  /** Skips a segment; a negative length skips nothing. */
  private void skip(int length) throws EOFException {
    input.skip(Math.max(0, length));
  }

  private void readFrame(int marker) throws IOException {
    if (frame != null) {
      throw new IOException("two frames"); // the second could evade the pixel limit
    }
    Coding coding =
        switch (marker) {
          case Marker.SOF0, Marker.SOF1 -> Coding.SEQUENTIAL;
          case Marker.SOF2 -> Coding.PROGRESSIVE;
          case Marker.SOF3 -> Coding.LOSSLESS;
          case Marker.SOF9 -> Coding.ARITHMETIC_SEQUENTIAL;
          case Marker.SOF10 -> Coding.ARITHMETIC_PROGRESSIVE;
          default ->
              throw new IOException(
                  String.format(
                      Locale.ROOT, "this kind of coding (%02x) is not supported", marker));
        };
    int length = input.u16();
    int precision = input.u8();
    if (precision != PRECISION) {
      throw new IOException("samples of " + precision + " bits are not supported");
    }
    int height = input.u16();
    int width = input.u16();
    int components = input.u8();
    if (length != 8 + 3 * components) {
      throw wrongLength("frame header");
    }
    List<Component.Spec> specs = new ArrayList<>();
    for (int i = 0; i < components; i++) {
      int id = input.u8();
      int factors = input.u8();
      specs.add(new Component.Spec(id, factors >> 4, factors & 15, input.u8()));
    }
    frame = Frame.of(coding, width, height, specs);
  }

  private void readScan() throws IOException {
    int length = input.u16();
    int count = input.u8();
    if (length != 6 + 2 * count || count < 1 || count > MOST_PARTS) {
      throw wrongLength("scan header");
    }
    List<Scan.Part> parts = new ArrayList<>();
    for (int i = 0; i < count; i++) {
      int id = input.u8();
      int tables = input.u8();
      parts.add(new Scan.Part(component(id, parts), tables >> 4, tables & 15));
    }
    int first = input.u8();
    int last = input.u8();
    int bits = input.u8();
    scan = new Scan(List.copyOf(parts), first, last, bits >> 4, bits & 15, restartInterval);
    scans++;
  }

  /**
   * The component named {@code id}. If several have that name, libjpeg's rule skips those whose
   * positions in the scan are taken.
   */
  private Component component(int id, List<Scan.Part> earlier) throws IOException {
    for (Component component : frame().components()) {
      if (component.id == id && component.index >= earlier.size()) {
        if (earlier.stream().anyMatch(part -> part.component() == component)) {
          break;
        }
        return component;
      }
    }
    throw new IOException("a scan of component " + id);
  }

  private void readRestartInterval() throws IOException {
    if (input.u16() != 4) {
      throw wrongLength("restart interval");
    }
    restartInterval = input.u16();
  }

  private void readApplication(int marker) throws IOException {
    int length = Math.max(0, input.u16() - 2);
    int data = input.position;
    input.skip(length);
    if (marker == Marker.APP0) {
      jfif |= length >= JFIF_BYTES && HeaderWalk.startsWith(input.file, data, "JFIF\0");
    } else if (marker == Marker.APP14
        && length >= ADOBE_BYTES
        && HeaderWalk.startsWith(input.file, data, "Adobe")) {
      adobeTransform = input.file[data + ADOBE_BYTES - 1] & 0xFF;
    }
  }

  private static IOException wrongLength(String segment) {
    return new IOException("a " + segment + " of wrong length");
  }
}
