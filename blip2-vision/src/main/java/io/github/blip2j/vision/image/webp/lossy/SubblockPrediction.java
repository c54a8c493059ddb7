package io.github.blip2j.vision.image.webp.lossy;

/**
 * Predicts a block of 4x4 luma samples (RFC 6386, section 12.3). The letters are those of the
 * specification and of libwebp:
 *
 * <pre>{@code
 * x a b c d e f g h
 * i . . . .
 * j . . . .
 * k . . . .
 * l . . . .
 * }</pre>
 */
final class SubblockPrediction {
  private SubblockPrediction() {}

  /**
   * Fills 4x4 samples at {@code at}.
   *
   * @param right offset of the four samples above and to the right, e to h
   */
  static void predict(int mode, byte[] p, int at, int stride, byte[] rights, int right) {
    int above = at - stride;
    switch (mode) {
      case IntraModes.TRUE_MOTION -> BlockPrediction.trueMotion(p, at, stride, 4);
      case IntraModes.VERTICAL -> {
        int b = u8(p, above + 1);
        int c = u8(p, above + 2);
        int a = u8(p, above);
        int d = u8(p, above + 3);
        int first = mean(u8(p, above - 1), a, b);
        int second = mean(a, b, c);
        int third = mean(b, c, d);
        int fourth = mean(c, d, u8(rights, right));
        for (int y = 0; y < 4; y++) {
          row(p, at + y * stride, first, second, third, fourth);
        }
      }
      case IntraModes.HORIZONTAL -> horizontal(p, at, stride);
      case IntraModes.DOWN_RIGHT -> downRight(p, at, stride);
      case IntraModes.VERTICAL_RIGHT -> verticalRight(p, at, stride);
      case IntraModes.DOWN_LEFT -> downLeft(p, at, stride, rights, right);
      case IntraModes.VERTICAL_LEFT -> verticalLeft(p, at, stride, rights, right);
      case IntraModes.HORIZONTAL_DOWN -> horizontalDown(p, at, stride);
      case IntraModes.HORIZONTAL_UP -> horizontalUp(p, at, stride);
      default -> dc(p, at, stride);
    }
  }

  private static void dc(byte[] p, int at, int stride) {
    int sum = 4;
    for (int n = 0; n < 4; n++) {
      sum += u8(p, at - stride + n) + u8(p, at + n * stride - 1);
    }
    int mean = sum >> 3;
    for (int y = 0; y < 4; y++) {
      row(p, at + y * stride, mean, mean, mean, mean);
    }
  }

  private static void horizontal(byte[] p, int at, int stride) {
    int before = u8(p, at - stride - 1);
    int here = u8(p, at - 1);
    for (int y = 0; y < 4; y++) {
      int after = y < 3 ? u8(p, at + (y + 1) * stride - 1) : here;
      int mean = mean(before, here, after);
      row(p, at + y * stride, mean, mean, mean, mean);
      before = here;
      here = after;
    }
  }

  private static void downRight(byte[] p, int at, int stride) {
    int i = u8(p, at - 1);
    int j = u8(p, at + stride - 1);
    int k = u8(p, at + 2 * stride - 1);
    int l = u8(p, at + 3 * stride - 1);
    int x = u8(p, at - stride - 1);
    int a = u8(p, at - stride);
    int b = u8(p, at - stride + 1);
    int c = u8(p, at - stride + 2);
    int d = u8(p, at - stride + 3);
    int jkl = mean(j, k, l);
    int ijk = mean(i, j, k);
    int xij = mean(x, i, j);
    int axi = mean(a, x, i);
    int bax = mean(b, a, x);
    int cba = mean(c, b, a);
    row(p, at, axi, bax, cba, mean(d, c, b));
    row(p, at + stride, xij, axi, bax, cba);
    row(p, at + 2 * stride, ijk, xij, axi, bax);
    row(p, at + 3 * stride, jkl, ijk, xij, axi);
  }

  private static void verticalRight(byte[] p, int at, int stride) {
    int i = u8(p, at - 1);
    int j = u8(p, at + stride - 1);
    int k = u8(p, at + 2 * stride - 1);
    int x = u8(p, at - stride - 1);
    int a = u8(p, at - stride);
    int b = u8(p, at - stride + 1);
    int c = u8(p, at - stride + 2);
    int d = u8(p, at - stride + 3);
    int xa = mean(x, a);
    int ab = mean(a, b);
    int bc = mean(b, c);
    int ixa = mean(i, x, a);
    int xab = mean(x, a, b);
    int abc = mean(a, b, c);
    row(p, at, xa, ab, bc, mean(c, d));
    row(p, at + stride, ixa, xab, abc, mean(b, c, d));
    row(p, at + 2 * stride, mean(j, i, x), xa, ab, bc);
    row(p, at + 3 * stride, mean(k, j, i), ixa, xab, abc);
  }

  private static void downLeft(byte[] p, int at, int stride, byte[] rights, int right) {
    int a = u8(p, at - stride);
    int b = u8(p, at - stride + 1);
    int c = u8(p, at - stride + 2);
    int d = u8(p, at - stride + 3);
    int e = u8(rights, right);
    int f = u8(rights, right + 1);
    int g = u8(rights, right + 2);
    int h = u8(rights, right + 3);
    int bcd = mean(b, c, d);
    int cde = mean(c, d, e);
    int def = mean(d, e, f);
    int efg = mean(e, f, g);
    int fgh = mean(f, g, h);
    row(p, at, mean(a, b, c), bcd, cde, def);
    row(p, at + stride, bcd, cde, def, efg);
    row(p, at + 2 * stride, cde, def, efg, fgh);
    row(p, at + 3 * stride, def, efg, fgh, mean(g, h, h));
  }

  private static void verticalLeft(byte[] p, int at, int stride, byte[] rights, int right) {
    int a = u8(p, at - stride);
    int b = u8(p, at - stride + 1);
    int c = u8(p, at - stride + 2);
    int d = u8(p, at - stride + 3);
    int e = u8(rights, right);
    int f = u8(rights, right + 1);
    int g = u8(rights, right + 2);
    int h = u8(rights, right + 3);
    int bc = mean(b, c);
    int cd = mean(c, d);
    int de = mean(d, e);
    int bcd = mean(b, c, d);
    int cde = mean(c, d, e);
    int def = mean(d, e, f);
    row(p, at, mean(a, b), bc, cd, de);
    row(p, at + stride, mean(a, b, c), bcd, cde, def);
    row(p, at + 2 * stride, bc, cd, de, mean(e, f, g)); // the last two break the pattern
    row(p, at + 3 * stride, bcd, cde, def, mean(f, g, h));
  }

  private static void horizontalDown(byte[] p, int at, int stride) {
    int i = u8(p, at - 1);
    int j = u8(p, at + stride - 1);
    int k = u8(p, at + 2 * stride - 1);
    int l = u8(p, at + 3 * stride - 1);
    int x = u8(p, at - stride - 1);
    int a = u8(p, at - stride);
    int b = u8(p, at - stride + 1);
    int c = u8(p, at - stride + 2);
    int ix = mean(i, x);
    int ji = mean(j, i);
    int kj = mean(k, j);
    int ixa = mean(i, x, a);
    int jix = mean(j, i, x);
    int kji = mean(k, j, i);
    row(p, at, ix, ixa, mean(x, a, b), mean(a, b, c));
    row(p, at + stride, ji, jix, ix, ixa);
    row(p, at + 2 * stride, kj, kji, ji, jix);
    row(p, at + 3 * stride, mean(l, k), mean(l, k, j), kj, kji);
  }

  private static void horizontalUp(byte[] p, int at, int stride) {
    int i = u8(p, at - 1);
    int j = u8(p, at + stride - 1);
    int k = u8(p, at + 2 * stride - 1);
    int l = u8(p, at + 3 * stride - 1);
    int jk = mean(j, k);
    int kl = mean(k, l);
    int jkl = mean(j, k, l);
    int kll = mean(k, l, l);
    row(p, at, mean(i, j), mean(i, j, k), jk, jkl);
    row(p, at + stride, jk, jkl, kl, kll);
    row(p, at + 2 * stride, kl, kll, l, l);
    row(p, at + 3 * stride, l, l, l, l);
  }

  private static int u8(byte[] p, int at) {
    return p[at] & 0xFF;
  }

  private static int mean(int a, int b) {
    return (a + b + 1) >> 1;
  }

  private static int mean(int a, int b, int c) {
    return (a + 2 * b + c + 2) >> 2;
  }

  private static void row(byte[] p, int at, int first, int second, int third, int fourth) {
    p[at] = (byte) first;
    p[at + 1] = (byte) second;
    p[at + 2] = (byte) third;
    p[at + 3] = (byte) fourth;
  }
}
