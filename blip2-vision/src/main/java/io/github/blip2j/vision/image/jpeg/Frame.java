package io.github.blip2j.vision.image.jpeg;

import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;

/**
 * A frame header and derived sizes (ITU-T T.81, sections A.1.1, A.2 and B.2.2).
 *
 * @param mcuRows rows of MCUs of all components
 */
record Frame(Coding coding, Size size, List<Component> components, int mcuRows) {
  private static final int LONGEST_SIDE = 65_500; // libjpeg's limit
  private static final int LARGEST_FACTOR = 4;

  /** How coefficients are coded. */
  enum Coding {
    SEQUENTIAL,
    PROGRESSIVE,
    ARITHMETIC_SEQUENTIAL,
    ARITHMETIC_PROGRESSIVE,
    LOSSLESS;

    boolean progressive() {
      return this == PROGRESSIVE || this == ARITHMETIC_PROGRESSIVE;
    }

    boolean arithmetic() {
      return this == ARITHMETIC_SEQUENTIAL || this == ARITHMETIC_PROGRESSIVE;
    }
  }

  /**
   * Size in pixels and the largest sampling factors.
   *
   * @param unit side of the coded unit in samples: 8 for a block, 1 in lossless coding
   */
  record Size(int width, int height, int horizontal, int vertical, int unit) {}

  /** Checks the sizes and factors. */
  static Frame of(Coding coding, int width, int height, List<Component.Spec> specs)
      throws IOException {
    if (width == 0 || height == 0) {
      throw new IOException("no size");
    }
    if (width > LONGEST_SIDE || height > LONGEST_SIDE) {
      throw new IOException("sides of more than " + LONGEST_SIDE + " pixels are not supported");
    }
    int horizontal = 1;
    int vertical = 1;
    for (Component.Spec spec : specs) {
      if (!isFactor(spec.horizontal()) || !isFactor(spec.vertical())) {
        throw new IOException(
            "sampling factors " + spec.horizontal() + "x" + spec.vertical() + " are wrong");
      }
      horizontal = Math.max(horizontal, spec.horizontal());
      vertical = Math.max(vertical, spec.vertical());
    }
    for (Component.Spec spec : specs) {
      if (horizontal % spec.horizontal() != 0 || vertical % spec.vertical() != 0) {
        throw new IOException(
            String.format(
                Locale.ROOT,
                "sampling factors %dx%d of %dx%d are not supported",
                spec.horizontal(),
                spec.vertical(),
                horizontal,
                vertical));
      }
    }
    var size = new Size(width, height, horizontal, vertical, coding == Coding.LOSSLESS ? 1 : 8);
    List<Component> components = new ArrayList<>();
    for (Component.Spec spec : specs) {
      components.add(new Component(spec, components.size(), size));
    }
    return new Frame(coding, size, List.copyOf(components), ceilDiv(height, size.unit * vertical));
  }

  private static boolean isFactor(int factor) {
    return factor > 0 && factor <= LARGEST_FACTOR;
  }

  static int ceilDiv(int dividend, int divisor) {
    return (dividend + divisor - 1) / divisor;
  }

  /** MCUs of all components in a row. */
  int mcusPerRow() {
    return ceilDiv(size.width, size.unit * size.horizontal);
  }

  /** Blocks of all components. */
  long blocks() {
    long blocks = 0;
    for (Component component : components) {
      blocks += (long) component.blocksPerRow * component.blockRows;
    }
    return blocks;
  }
}
