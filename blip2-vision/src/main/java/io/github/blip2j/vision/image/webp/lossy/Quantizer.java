package io.github.blip2j.vision.image.webp.lossy;

import io.github.blip2j.vision.image.webp.container.NumberTable;

/**
 * The factors of the coefficients of a segment (RFC 6386, sections 9.6 and 14.1).
 *
 * @param means for blocks of the means of luma blocks
 */
record Quantizer(Factors luma, Factors means, Factors chroma) {
  /** The factors of the first coefficient of a block (DC) and of the others (AC). */
  record Factors(int dc, int ac) {}

  private static final int LAST = 127;
  private static final int LAST_CHROMA_DC = 117;
  private static final int LEAST_MEAN_AC = 8;
  private static final int DELTA_BITS = 4;

  private static final int[] DC =
      NumberTable.parse(
          """
            4   5   6   7   8   9  10  10  11  12  13  14  15  16  17  17
           18  19  20  20  21  21  22  22  23  23  24  25  25  26  27  28
           29  30  31  32  33  34  35  36  37  37  38  39  40  41  42  43
           44  45  46  46  47  48  49  50  51  52  53  54  55  56  57  58
           59  60  61  62  63  64  65  66  67  68  69  70  71  72  73  74
           75  76  76  77  78  79  80  81  82  83  84  85  86  87  88  89
           91  93  95  96  98 100 101 102 104 106 108 110 112 114 116 118
          122 124 126 128 130 132 134 136 138 140 143 145 148 151 154 157
          """);

  private static final int[] AC =
      NumberTable.parse(
          """
            4   5   6   7   8   9  10  11  12  13  14  15  16  17  18  19
           20  21  22  23  24  25  26  27  28  29  30  31  32  33  34  35
           36  37  38  39  40  41  42  43  44  45  46  47  48  49  50  51
           52  53  54  55  56  57  58  60  62  64  66  68  70  72  74  76
           78  80  82  84  86  88  90  92  94  96  98 100 102 104 106 108
          110 112 114 116 119 122 125 128 131 134 137 140 143 146 149 152
          155 158 161 164 167 170 173 177 181 185 189 193 197 201 205 209
          213 217 221 225 229 234 239 245 249 254 259 264 269 274 279 284
          """);

  /** Reads the quantizer of each segment. */
  static Quantizer[] read(BoolDecoder header, Segments segments) {
    int base = header.number(7);
    int lumaDc = header.optionalNumber(DELTA_BITS);
    int meanDc = header.optionalNumber(DELTA_BITS);
    int meanAc = header.optionalNumber(DELTA_BITS);
    int chromaDc = header.optionalNumber(DELTA_BITS);
    int chromaAc = header.optionalNumber(DELTA_BITS);
    var quantizers = new Quantizer[Segments.COUNT];
    for (int i = 0; i < quantizers.length; i++) {
      int q = segments.quantizer(i, base);
      var luma = new Factors(at(DC, q + lumaDc, LAST), at(AC, q, LAST));
      int leastAc = Math.max(at(AC, q + meanAc, LAST) * 155 / 100, LEAST_MEAN_AC);
      var means = new Factors(at(DC, q + meanDc, LAST) * 2, leastAc);
      var chroma = new Factors(at(DC, q + chromaDc, LAST_CHROMA_DC), at(AC, q + chromaAc, LAST));
      quantizers[i] = new Quantizer(luma, means, chroma);
    }
    return quantizers;
  }

  private static int at(int[] table, int index, int last) {
    return table[Math.max(0, Math.min(last, index))];
  }
}
