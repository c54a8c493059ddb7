package io.github.blip2j.vision.image.jpeg;

import io.github.blip2j.vision.image.jpeg.entropy.ArithmeticConditioning;
import io.github.blip2j.vision.image.jpeg.entropy.ArithmeticDecoder;
import io.github.blip2j.vision.image.jpeg.entropy.ZigZag;
import java.io.IOException;
import java.util.Arrays;

/**
 * Decodes an arithmetically coded scan (ITU-T T.81, sections F.1.4, F.2.4 and G.1.3).
 *
 * <p>Damaged data are ignored up to the next restart marker.
 */
final class ArithmeticScan extends EntropyDecoder {
  private static final int DC_KINDS = 64;
  private static final int AC_KINDS = 256;
  private static final int LARGEST = 0x8000; // exclusive limit of magnitudes

  // Offsets of the kinds of decisions (tables F.4 and F.5).
  private static final int DC_MAGNITUDE = 20;
  private static final int LOW_MAGNITUDE = 189;
  private static final int HIGH_MAGNITUDE = 217;
  private static final int TO_BITS = 14; // from a magnitude to its bits

  /** The kind of coding of an MCU. */
  private enum Kind {
    SEQUENTIAL,
    DC_FIRST,
    DC_REFINEMENT,
    AC_FIRST,
    AC_REFINEMENT
  }

  private final Kind kind;
  private final ArithmeticConditioning conditioning;
  private final ArithmeticDecoder decoder;
  private final byte[][] dcStates = new byte[ArithmeticConditioning.TABLES][DC_KINDS];
  private final byte[][] acStates = new byte[ArithmeticConditioning.TABLES][AC_KINDS];
  private final byte[] even = {ArithmeticDecoder.EVEN};
  private final int[] predictions;
  private final int[] contexts; // for DC, by the previous difference
  private boolean damaged;

  ArithmeticScan(Segments segments) throws IOException {
    super(segments.input, segments.scan());
    conditioning = segments.conditioning;
    decoder = new ArithmeticDecoder(input, segments.decisions());
    predictions = new int[scan.parts().size()];
    contexts = new int[scan.parts().size()];
    if (!segments.frame().coding().progressive()) {
      kind = Kind.SEQUENTIAL;
    } else {
      scan.requireProgressive();
      boolean first = scan.high() == 0;
      if (scan.first() == 0) {
        kind = first ? Kind.DC_FIRST : Kind.DC_REFINEMENT;
      } else {
        kind = first ? Kind.AC_FIRST : Kind.AC_REFINEMENT;
      }
    }
  }

  @Override
  boolean exhausted() {
    return false; // data may end early by rule: zeros follow
  }

  @Override
  void restart() {
    for (byte[] states : dcStates) {
      Arrays.fill(states, (byte) 0);
    }
    for (byte[] states : acStates) {
      Arrays.fill(states, (byte) 0);
    }
    Arrays.fill(predictions, 0);
    Arrays.fill(contexts, 0);
    decoder.reset();
    damaged = false;
  }

  @Override
  void decode(Mcu mcu) throws IOException {
    for (int b = 0; b < mcu.size && !damaged; b++) {
      Scan.Part part = scan.parts().get(mcu.parts[b]);
      switch (kind) {
        case SEQUENTIAL -> {
          if (decodeDc(mcu, b, part.dcTable(), 0)) {
            decodeAc(mcu, b, part.acTable());
          }
        }
        case DC_FIRST -> decodeDc(mcu, b, part.dcTable(), scan.low());
        case DC_REFINEMENT -> {
          if (decoder.decide(even, 0)) {
            mcu.arrays[b][mcu.offsets[b]] |= (short) (1 << scan.low());
            mcu.touched = true;
          }
        }
        case AC_FIRST -> decodeAc(mcu, b, part.acTable());
        case AC_REFINEMENT -> refineAc(mcu, b, part.acTable());
      }
    }
  }

  /** Decodes a DC coefficient; returns whether the code was valid. */
  private boolean decodeDc(Mcu mcu, int b, int table, int shift) throws IOException {
    byte[] states = dcStates[table];
    int part = mcu.parts[b];
    int zero = contexts[part];
    if (!decoder.decide(states, zero)) {
      contexts[part] = 0;
    } else {
      boolean negative = decoder.decide(states, zero + 1);
      int at = zero + (negative ? 3 : 2);
      int magnitude = 0;
      if (decoder.decide(states, at)) {
        at = DC_MAGNITUDE;
        magnitude = 1;
        while (decoder.decide(states, at)) {
          magnitude <<= 1;
          if (magnitude == LARGEST) {
            damaged = true;
            return false;
          }
          at++;
        }
      }
      contexts[part] = context(magnitude, negative, table);
      int value = withBits(magnitude, states, at) + 1;
      predictions[part] += negative ? -value : value;
    }
    short value = (short) ((predictions[part] & 0xFFFF) << shift);
    mcu.arrays[b][mcu.offsets[b]] = value;
    mcu.touched |= value != 0;
    return true;
  }

  /** The kind of the next difference: after none, a small or a large one (section F.1.4.4.1.2). */
  private int context(int magnitude, boolean negative, int table) {
    if (magnitude < 1 << conditioning.lower(table) >> 1) {
      return 0;
    }
    int size = magnitude > 1 << conditioning.upper(table) >> 1 ? 12 : 4;
    return negative ? size + 4 : size;
  }

  private void decodeAc(Mcu mcu, int b, int table) throws IOException {
    boolean sequential = kind == Kind.SEQUENTIAL;
    byte[] states = acStates[table];
    int last = sequential ? Mcu.BLOCK - 1 : scan.last();
    int low = sequential ? 0 : scan.low();
    int k = sequential ? 1 : scan.first();
    while (k <= last && !decoder.decide(states, 3 * (k - 1))) { // not the end of the block
      while (!decoder.decide(states, 3 * (k - 1) + 1)) {
        k++;
        if (k > last) {
          damaged = true;
          return;
        }
      }
      boolean negative = decoder.decide(even, 0);
      int at = 3 * (k - 1) + 2;
      int magnitude = 0;
      if (decoder.decide(states, at)) {
        magnitude = 1;
        if (decoder.decide(states, at)) {
          magnitude = 2;
          at = k <= conditioning.border(table) ? LOW_MAGNITUDE : HIGH_MAGNITUDE;
          while (decoder.decide(states, at)) {
            magnitude <<= 1;
            if (magnitude == LARGEST) {
              damaged = true;
              return;
            }
            at++;
          }
        }
      }
      int value = withBits(magnitude, states, at) + 1;
      int signed = negative ? -value : value;
      mcu.arrays[b][mcu.offsets[b] + ZigZag.natural(k)] = (short) (signed << low);
      mcu.reach(b, k);
      k++;
    }
  }

  /** A number whose highest bit is {@code magnitude} (figure F.24). */
  private int withBits(int magnitude, byte[] states, int at) throws IOException {
    int value = magnitude;
    for (int bit = magnitude >> 1; bit > 0; bit >>= 1) {
      if (decoder.decide(states, at + TO_BITS)) {
        value |= bit;
      }
    }
    return value;
  }

  private void refineAc(Mcu mcu, int b, int table) throws IOException {
    byte[] states = acStates[table];
    short[] block = mcu.arrays[b];
    int offset = mcu.offsets[b];
    int bit = 1 << scan.low();
    int end = scan.last(); // of the block as known so far
    while (end > 0 && block[offset + ZigZag.natural(end)] == 0) {
      end--;
    }
    int k = scan.first();
    while (k <= scan.last()) {
      if (k > end && decoder.decide(states, 3 * (k - 1))) {
        return;
      }
      while (!refine(mcu, b, k, bit, states)) {
        k++;
        if (k > scan.last()) {
          damaged = true;
          return;
        }
      }
      k++;
    }
  }

  /** Refines coefficient {@code k}; returns whether it is nonzero. */
  private boolean refine(Mcu mcu, int b, int k, int bit, byte[] states) throws IOException {
    short[] block = mcu.arrays[b];
    int i = mcu.offsets[b] + ZigZag.natural(k);
    if (block[i] != 0) {
      if (decoder.decide(states, 3 * (k - 1) + 2)) {
        block[i] += (short) (block[i] < 0 ? -bit : bit);
      }
      return true;
    }
    if (decoder.decide(states, 3 * (k - 1) + 1)) {
      block[i] = (short) (decoder.decide(even, 0) ? -bit : bit);
      mcu.reach(b, k);
      return true;
    }
    return false;
  }
}
