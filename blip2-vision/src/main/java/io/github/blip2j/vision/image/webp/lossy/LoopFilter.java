package io.github.blip2j.vision.image.webp.lossy;

/**
 * Smooths the edges of macroblocks and of the 4x4 blocks within (RFC 6386, section 15). The samples
 * across an edge are p3 p2 p1 p0 | q0 q1 q2 q3.
 */
final class LoopFilter {
  private static final int LUMA = 16;
  private static final int CHROMA = 8;

  private LoopFilter() {}

  /** The edges of a macroblock to be filtered. */
  record Edges(boolean left, boolean top, boolean inner) {}

  /** The simple filter, which smooths luma only. */
  static void simple(Plane luma, int at, FilterLimits limits, Edges edges) {
    byte[] s = luma.samples();
    int stride = luma.stride();
    int outer = 2 * (limits.edge() + 4) + 1;
    int inner = 2 * limits.edge() + 1;
    if (edges.left) {
      simpleEdge(s, at, 1, stride, outer);
    }
    if (edges.inner) {
      for (int x = 4; x < LUMA; x += 4) {
        simpleEdge(s, at + x, 1, stride, inner);
      }
    }
    if (edges.top) {
      simpleEdge(s, at, stride, 1, outer);
    }
    if (edges.inner) {
      for (int y = 4; y < LUMA; y += 4) {
        simpleEdge(s, at + y * stride, stride, 1, inner);
      }
    }
  }

  /** The normal filter of the 16x16 luma samples at {@code at}. */
  static void luma(Plane plane, int at, FilterLimits limits, Edges edges) {
    normal(plane, at, LUMA, limits, edges);
  }

  /** The normal filter of the 8x8 chroma samples at {@code at}. */
  static void chroma(Plane plane, int at, FilterLimits limits, Edges edges) {
    normal(plane, at, CHROMA, limits, edges);
  }

  private static void normal(Plane plane, int at, int size, FilterLimits limits, Edges edges) {
    byte[] s = plane.samples();
    int stride = plane.stride();
    if (edges.left) {
      outerEdge(s, at, 1, stride, size, limits);
    }
    if (edges.inner) {
      for (int x = 4; x < size; x += 4) {
        innerEdge(s, at + x, 1, stride, size, limits);
      }
    }
    if (edges.top) {
      outerEdge(s, at, stride, 1, size, limits);
    }
    if (edges.inner) {
      for (int y = 4; y < size; y += 4) {
        innerEdge(s, at + y * stride, stride, 1, size, limits);
      }
    }
  }

  private static void simpleEdge(byte[] s, int at, int across, int along, int limit) {
    for (int n = 0; n < LUMA; n++) {
      int q = at + n * along;
      int p1 = s[q - 2 * across] & 0xFF;
      int p0 = s[q - across] & 0xFF;
      int q0 = s[q] & 0xFF;
      int q1 = s[q + across] & 0xFF;
      if (4 * Math.abs(p0 - q0) + Math.abs(p1 - q1) <= limit) {
        smoothTwo(s, q, across, p1, p0, q0, q1);
      }
    }
  }

  private static void outerEdge(
      byte[] s, int at, int across, int along, int size, FilterLimits limits) {
    int edge = 2 * (limits.edge() + 4) + 1;
    for (int n = 0; n < size; n++) {
      int q = at + n * along;
      int p1 = s[q - 2 * across] & 0xFF;
      int p0 = s[q - across] & 0xFF;
      int q0 = s[q] & 0xFF;
      int q1 = s[q + across] & 0xFF;
      int high = Math.max(Math.abs(p1 - p0), Math.abs(q1 - q0));
      boolean ownEdge = high > limits.highVariance();
      int a = signed8(3 * (q0 - p0) + signed8(p1 - q1));
      if (!ownEdge && a >= -2 && a <= 2) {
        continue; // nothing would change
      }
      if (4 * Math.abs(p0 - q0) + Math.abs(p1 - q1) > edge
          || high > limits.interior()
          || isRough(s, q, across, p1, q1, limits.interior())) {
        continue;
      }
      if (ownEdge) {
        smoothTwo(s, q, across, p1, p0, q0, q1);
      } else {
        int a1 = (27 * a + 63) >> 7;
        int a2 = (18 * a + 63) >> 7;
        int a3 = (9 * a + 63) >> 7;
        s[q - 3 * across] = clip((s[q - 3 * across] & 0xFF) + a3);
        s[q - 2 * across] = clip(p1 + a2);
        s[q - across] = clip(p0 + a1);
        s[q] = clip(q0 - a1);
        s[q + across] = clip(q1 - a2);
        s[q + 2 * across] = clip((s[q + 2 * across] & 0xFF) - a3);
      }
    }
  }

  private static void innerEdge(
      byte[] s, int at, int across, int along, int size, FilterLimits limits) {
    int edge = 2 * limits.edge() + 1;
    for (int n = 0; n < size; n++) {
      int q = at + n * along;
      int p1 = s[q - 2 * across] & 0xFF;
      int p0 = s[q - across] & 0xFF;
      int q0 = s[q] & 0xFF;
      int q1 = s[q + across] & 0xFF;
      int high = Math.max(Math.abs(p1 - p0), Math.abs(q1 - q0));
      boolean ownEdge = high > limits.highVariance();
      int step = q0 - p0;
      if (!ownEdge && step >= -1 && step <= 1) {
        continue; // nothing would change
      }
      if (4 * Math.abs(step) + Math.abs(p1 - q1) > edge
          || high > limits.interior()
          || isRough(s, q, across, p1, q1, limits.interior())) {
        continue;
      }
      if (ownEdge) {
        smoothTwo(s, q, across, p1, p0, q0, q1);
      } else {
        int a1 = signed5((3 * step + 4) >> 3);
        int a2 = signed5((3 * step + 3) >> 3);
        int a3 = (a1 + 1) >> 1;
        s[q - 2 * across] = clip(p1 + a3);
        s[q - across] = clip(p0 + a2);
        s[q] = clip(q0 - a1);
        s[q + across] = clip(q1 - a3);
      }
    }
  }

  /** Whether neighbouring samples on either side of an edge differ by more than {@code limit}. */
  private static boolean isRough(byte[] s, int q, int across, int p1, int q1, int limit) {
    int p2 = s[q - 3 * across] & 0xFF;
    int q2 = s[q + 2 * across] & 0xFF;
    return Math.abs((s[q - 4 * across] & 0xFF) - p2) > limit
        || Math.abs(p2 - p1) > limit
        || Math.abs((s[q + 3 * across] & 0xFF) - q2) > limit
        || Math.abs(q2 - q1) > limit;
  }

  private static void smoothTwo(byte[] s, int q, int across, int p1, int p0, int q0, int q1) {
    int a = 3 * (q0 - p0) + signed8(p1 - q1);
    s[q - across] = clip(p0 + signed5((a + 3) >> 3));
    s[q] = clip(q0 - signed5((a + 4) >> 3));
  }

  private static byte clip(int value) {
    return (byte) ((value & ~0xFF) == 0 ? value : value < 0 ? 0 : 255);
  }

  private static int signed8(int value) {
    return Math.max(-128, Math.min(127, value));
  }

  private static int signed5(int value) {
    return Math.max(-16, Math.min(15, value));
  }
}
