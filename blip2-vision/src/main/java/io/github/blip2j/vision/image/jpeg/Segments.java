package io.github.blip2j.vision.image.jpeg;

import io.github.blip2j.vision.image.jpeg.Frame.Coding;
import java.io.EOFException;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * The marker segments of a file and the tables they define (ITU-T T.81, annex B), read as libjpeg
 * reads them: what is an error to it is refused, what it warns of is not.
 */
final class Segments {
  private static final int TABLES = 4;
  private static final int MOST_PARTS = 4;
  private static final int PRECISION = 8;
  private static final int LENGTHS = 16; // of Huffman codes
  private static final int SYMBOLS = 256;
  private static final int COEFFICIENTS = 64;
  private static final int JFIF_BYTES = 14;
  private static final int ADOBE_BYTES = 12;
  private static final long FREE_DECISIONS = 1L << 29;
  private static final long MOST_DECISIONS = 256; // for each block

  final JpegInput input;
  final ArithmeticConditioning conditioning = new ArithmeticConditioning();
  private final short @Nullable [][] quantization = new short[TABLES][];
  private final @Nullable HuffmanTable[] dcTables = new HuffmanTable[TABLES];
  private final @Nullable HuffmanTable[] acTables = new HuffmanTable[TABLES];
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

  /** Reads up to the first scan, over streams that hold nothing but tables. */
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

  /** The scan whose coded data come next. */
  Scan scan() throws IOException {
    if (scan == null) {
      throw new IOException("no scan");
    }
    return scan;
  }

  /** Scans read so far, with the present one. */
  int scans() {
    return scans;
  }

  /** Decisions of arithmetic coding that may still be decoded. */
  ArithmeticDecoder.Budget decisions() throws IOException {
    if (decisions == null) {
      decisions = new ArithmeticDecoder.Budget(FREE_DECISIONS + MOST_DECISIONS * frame().blocks());
    }
    return decisions;
  }

  JpegColors colors() throws IOException {
    int[] ids = frame().components().stream().mapToInt(component -> component.id).toArray();
    return JpegColors.of(ids, jfif, adobeTransform);
  }

  HuffmanTable dcTable(int index) throws IOException {
    return table(dcTables, index).forDc();
  }

  HuffmanTable acTable(int index) throws IOException {
    return table(acTables, index).forAc();
  }

  private static HuffmanTable table(@Nullable HuffmanTable[] tables, int index) throws IOException {
    HuffmanTable table = index < TABLES ? tables[index] : null;
    if (table == null) {
      throw new IOException("no Huffman table " + index);
    }
    return table;
  }

  /** Takes the standard tables where the file has defined none so far. */
  void addStandardTables() {
    for (int i = 0; i < 2; i++) {
      dcTables[i] = dcTables[i] == null ? StandardHuffmanTables.dc(i) : dcTables[i];
      acTables[i] = acTables[i] == null ? StandardHuffmanTables.ac(i) : acTables[i];
    }
  }

  /** Fixes the quantisation tables of components whose first scan this is. */
  void fixQuantization() throws IOException {
    for (Scan.Part part : scan().parts()) {
      Component component = part.component();
      if (!component.isQuantized()) {
        int index = component.tableIndex;
        short[] steps = index < TABLES ? quantization[index] : null;
        if (steps == null) {
          throw new IOException("no quantization table " + index);
        }
        component.quantize(steps);
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

  private void read(int marker) throws IOException {
    if (Marker.isFrame(marker)) {
      readFrame(marker);
    } else if (marker >= Marker.APP0 && marker <= Marker.APP15) {
      readApplication(marker);
    } else if (!Marker.isRestart(marker) && marker != Marker.TEM) { // these have no length
      switch (marker) {
        case Marker.SOS -> readScan();
        case Marker.DHT -> readHuffmanTables();
        case Marker.DQT -> readQuantizationTables();
        case Marker.DAC -> conditioning.read(input);
        case Marker.DRI -> readRestartInterval();
        case Marker.COM, Marker.DNL -> skip(input.u16() - 2);
        case Marker.SOI -> throw new IOException("two starts of image");
        default -> throw new IOException("marker %02x".formatted(marker));
      }
    }
  }

  /** Skips a segment; one of wrong, negative length is none. */
  private void skip(int length) throws EOFException {
    input.skip(Math.max(0, length));
  }

  private void readFrame(int marker) throws IOException {
    if (frame != null) {
      throw new IOException("two frames"); // one of which would slip past the limit of pixels
    }
    Coding coding =
        switch (marker) {
          case Marker.SOF0, Marker.SOF1 -> Coding.SEQUENTIAL;
          case Marker.SOF2 -> Coding.PROGRESSIVE;
          case Marker.SOF9 -> Coding.ARITHMETIC_SEQUENTIAL;
          case Marker.SOF10 -> Coding.ARITHMETIC_PROGRESSIVE;
          default -> throw new IOException("lossless and hierarchical coding are not supported");
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
   * The component named {@code id}. Where several have one name, libjpeg's rule passes over those
   * at positions of the scan that are taken.
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

  private void readHuffmanTables() throws IOException {
    int left = input.u16() - 2;
    while (left > LENGTHS) {
      int index = input.u8();
      int[] counts = new int[LENGTHS + 1];
      int symbols = 0;
      for (int i = 1; i <= LENGTHS; i++) {
        counts[i] = input.u8();
        symbols += counts[i];
      }
      left -= 1 + LENGTHS + symbols;
      if (symbols > SYMBOLS || left < 0) {
        throw new IOException("a Huffman table of " + symbols + " symbols");
      }
      byte[] values = new byte[symbols];
      for (int i = 0; i < symbols; i++) {
        values[i] = (byte) input.u8();
      }
      boolean ac = (index & 0x10) != 0;
      int slot = ac ? index - 0x10 : index;
      if (slot >= TABLES) {
        throw new IOException("Huffman table " + slot);
      }
      (ac ? acTables : dcTables)[slot] = new HuffmanTable(counts, values);
    }
    if (left != 0) {
      throw wrongLength("Huffman table");
    }
  }

  private void readQuantizationTables() throws IOException {
    int left = input.u16() - 2;
    while (left > 0) {
      int kind = input.u8();
      boolean wide = kind >> 4 != 0;
      int index = kind & 15;
      if (index >= TABLES) {
        throw new IOException("quantization table " + index);
      }
      short[] steps = new short[COEFFICIENTS];
      for (int i = 0; i < COEFFICIENTS; i++) {
        steps[ZigZag.natural(i)] = (short) (wide ? input.u16() : input.u8());
      }
      quantization[index] = steps;
      left -= 1 + (wide ? 2 * COEFFICIENTS : COEFFICIENTS);
    }
    if (left != 0) {
      throw wrongLength("quantization table");
    }
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
