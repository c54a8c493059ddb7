package io.github.blip2j.vision.image.jpeg.entropy;

/** The second bytes of markers (ITU-T T.81, table B.1); the first is always FF. */
public final class Marker {
  /** No marker. */
  public static final int NONE = 0;

  public static final int TEM = 0x01;
  public static final int SOF0 = 0xC0;
  public static final int SOF1 = 0xC1;
  public static final int SOF2 = 0xC2;
  public static final int SOF3 = 0xC3;
  public static final int DHT = 0xC4;
  static final int JPG = 0xC8;
  public static final int SOF9 = 0xC9;
  public static final int SOF10 = 0xCA;
  public static final int DAC = 0xCC;
  static final int SOF15 = 0xCF;
  static final int RST0 = 0xD0;
  static final int RST7 = 0xD7;
  public static final int SOI = 0xD8;
  public static final int EOI = 0xD9;
  public static final int SOS = 0xDA;
  public static final int DQT = 0xDB;
  public static final int DNL = 0xDC;
  public static final int DRI = 0xDD;
  public static final int APP0 = 0xE0;
  public static final int APP1 = 0xE1;
  public static final int APP2 = 0xE2;
  public static final int APP13 = 0xED;
  public static final int APP14 = 0xEE;
  public static final int APP15 = 0xEF;
  public static final int COM = 0xFE;

  private Marker() {}

  public static boolean isRestart(int marker) {
    return marker >= RST0 && marker <= RST7;
  }

  /** Start-of-frame markers lie between C0 and CF, among three others. */
  public static boolean isFrame(int marker) {
    return marker >= SOF0 && marker <= SOF15 && marker != DHT && marker != JPG && marker != DAC;
  }
}
