package io.github.blip2j.vision.image.webp.lossy;

import io.github.blip2j.vision.image.webp.container.Canvas;
import java.io.EOFException;
import java.io.IOException;

/**
 * Decodes a VP8 key frame (RFC 6386).
 *
 * <p>Rows of macroblocks are predicted from unfiltered neighbours, so that the loop filter runs one
 * row behind, and the conversion to red, green and blue a little behind that.
 */
public final class LossyDecoder {
  private static final int LUMA = 16;
  private static final int CHROMA = 8;

  /**
   * The rows at the bottom of a filtered macroblock that the next one, or its chroma, may still
   * change.
   */
  private static final int UNFINISHED = 8;

  private final LossyHeader header;
  private final IntraModes modes;
  private final Coefficients coefficients;
  private final Plane luma;
  private final Plane u;
  private final Plane v;

  /** The samples above and to the right of the blocks at the right edge of a macroblock. */
  private final byte[] right = new byte[4];

  /** Limits per segment, for macroblocks predicted as a whole and then for those in 4x4 blocks. */
  private final FilterLimits[] limits = new FilterLimits[2 * Segments.COUNT];

  private final FilterLimits[] rowLimits;
  private final boolean[] rowInner;

  private LossyDecoder(LossyHeader header) {
    this.header = header;
    modes = new IntraModes(header);
    coefficients = new Coefficients(header);
    int columns = header.columns();
    luma = new Plane(columns, header.rows(), LUMA);
    u = new Plane(columns, header.rows(), CHROMA);
    v = new Plane(columns, header.rows(), CHROMA);
    rowLimits = new FilterLimits[2 * columns];
    rowInner = new boolean[2 * columns];
    for (int segment = 0; segment < Segments.COUNT; segment++) {
      limits[2 * segment] = header.filter().limits(header.segments(), segment, false);
      limits[2 * segment + 1] = header.filter().limits(header.segments(), segment, true);
    }
  }

  /**
   * Decodes the frame in {@code file} from {@code start} to {@code end} to {@code canvas}.
   *
   * @throws EOFException if its data end early
   */
  public static void decode(byte[] file, int start, int end, Canvas canvas) throws IOException {
    new LossyDecoder(LossyHeader.read(file, start, end)).decode(canvas);
  }

  private void decode(Canvas canvas) throws EOFException {
    var converter = new YuvToRgb(luma, u, v, header.width(), header.height());
    BoolDecoder[] parts = header.coefficients();
    int rows = header.rows();
    int done = 0;
    for (int row = 0; row < rows; row++) {
      modes.readRow();
      decodeRow(row, parts[row % parts.length]);
      if (row > 0) {
        filterRow(row - 1);
      }
      int finished = LUMA * row - UNFINISHED;
      for (; done < finished; done++) {
        converter.convert(done, canvas.samples(), canvas.at(done));
      }
    }
    filterRow(rows - 1);
    for (; done < header.height(); done++) {
      converter.convert(done, canvas.samples(), canvas.at(done));
    }
  }

  private void decodeRow(int row, BoolDecoder part) throws EOFException {
    coefficients.startRow();
    int columns = header.columns();
    for (int column = 0; column < columns; column++) {
      boolean subblocks = modes.isInSubblocks(column);
      int segment = modes.segment(column);
      boolean any = false;
      if (modes.isSkipped(column)) {
        coefficients.skip(column, subblocks);
      } else {
        any = coefficients.read(part, column, subblocks, header.quantizers()[segment]);
      }
      if (part.isExhausted()) {
        throw new EOFException();
      }
      int slot = row % 2 * columns + column;
      rowLimits[slot] = limits[2 * segment + (subblocks ? 1 : 0)];
      rowInner[slot] = subblocks || any;
      rebuild(column, row, any);
    }
  }

  /** Predicts a macroblock and adds the differences, if it has any. */
  private void rebuild(int column, int row, boolean any) {
    int at = luma.at(LUMA * column, LUMA * row);
    if (modes.isInSubblocks(column)) {
      rebuildSubblocks(column, row, at, any);
    } else {
      BlockPrediction.predict(modes.luma(column, 0), luma, at, LUMA, row > 0, column > 0);
      for (int block = 0; any && block < Coefficients.LUMA_BLOCKS; block++) {
        add(block, luma, at + (block >> 2) * 4 * luma.stride() + (block & 3) * 4);
      }
    }
    rebuildChroma(u, Coefficients.LUMA_BLOCKS, column, row, any);
    rebuildChroma(v, Coefficients.LUMA_BLOCKS + 4, column, row, any);
  }

  private void rebuildChroma(Plane plane, int first, int column, int row, boolean any) {
    int at = plane.at(CHROMA * column, CHROMA * row);
    BlockPrediction.predict(modes.chroma(column), plane, at, CHROMA, row > 0, column > 0);
    for (int block = 0; any && block < 4; block++) {
      int to = at + (block >> 1) * 4 * plane.stride() + (block & 1) * 4;
      if (coefficients.end(first + block) > 1) {
        addWhole(first + block, plane, to);
      } else {
        addFlat(first + block, plane, to);
      }
    }
  }

  private void rebuildSubblocks(int column, int row, int at, boolean any) {
    byte[] samples = luma.samples();
    int stride = luma.stride();
    int above = at - stride;
    // All four rows of blocks use the samples above the right-hand macroblock, if there is one.
    boolean last = row > 0 && column == header.columns() - 1;
    for (int i = 0; i < right.length; i++) {
      right[i] = row == 0 ? samples[above] : samples[above + (last ? LUMA - 1 : LUMA + i)];
    }
    for (int block = 0; block < Coefficients.LUMA_BLOCKS; block++) {
      int x = (block & 3) * 4;
      int to = at + (block >> 2) * 4 * stride + x;
      int mode = modes.luma(column, block);
      if (x == LUMA - 4) {
        SubblockPrediction.predict(mode, samples, to, stride, right, 0);
      } else {
        SubblockPrediction.predict(mode, samples, to, stride, samples, to - stride + 4);
      }
      if (any) {
        add(block, luma, to);
      }
    }
  }

  private void add(int block, Plane plane, int at) {
    int end = coefficients.end(block);
    if (end > 3) {
      addWhole(block, plane, at);
    } else if (end > 1) {
      InverseTransform.addCorner(
          coefficients.values(), 16 * block, plane.samples(), at, plane.stride());
    } else {
      addFlat(block, plane, at);
    }
  }

  private void addWhole(int block, Plane plane, int at) {
    InverseTransform.add(coefficients.values(), 16 * block, plane.samples(), at, plane.stride());
  }

  private void addFlat(int block, Plane plane, int at) {
    int coefficient = coefficients.values()[16 * block];
    if (coefficient != 0) {
      InverseTransform.addFlat(coefficient, plane.samples(), at, plane.stride());
    }
  }

  private void filterRow(int row) {
    if (header.filter().isOff()) {
      return;
    }
    int columns = header.columns();
    for (int column = 0; column < columns; column++) {
      int slot = row % 2 * columns + column;
      FilterLimits limit = rowLimits[slot];
      if (limit.edge() == 0) {
        continue;
      }
      var edges = new LoopFilter.Edges(column > 0, row > 0, rowInner[slot]);
      int at = luma.at(LUMA * column, LUMA * row);
      if (header.filter().simple()) {
        LoopFilter.simple(luma, at, limit, edges);
      } else {
        LoopFilter.luma(luma, at, limit, edges);
        int chroma = u.at(CHROMA * column, CHROMA * row);
        LoopFilter.chroma(u, chroma, limit, edges);
        LoopFilter.chroma(v, chroma, limit, edges);
      }
    }
  }
}
