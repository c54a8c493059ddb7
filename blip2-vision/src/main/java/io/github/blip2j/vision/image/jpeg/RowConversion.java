package io.github.blip2j.vision.image.jpeg;

import java.util.concurrent.ForkJoinPool;
import java.util.concurrent.ForkJoinTask;

/**
 * Enlarges and converts the decoded rows of a large image on a second thread, while the first one
 * decodes the rows below.
 */
final class RowConversion implements AutoCloseable {
  /** Rows of MCUs that are converted at once. */
  private static final int BATCH = 4;

  /** The rows that are converted, those that are decoded meanwhile, and the one above both. */
  static final int KEPT_MCU_ROWS = 2 * BATCH + 1;

  /** From so many pixels on a second thread saves more time than it takes to wake it. */
  private static final int CONCURRENT_PIXELS = 1 << 16;

  private static final boolean SEVERAL_CPUS = Runtime.getRuntime().availableProcessors() > 1;

  private final ImageRows rows;
  private final int last;
  private final int batch;
  private ForkJoinTask<?> converting = ForkJoinTask.adapt(() -> {});

  RowConversion(ImageRows rows, Frame frame) {
    this.rows = rows;
    last = frame.mcuRows() - 1;
    batch = isConcurrent(frame.size()) ? BATCH : 1;
    converting.invoke();
  }

  private static boolean isConcurrent(Frame.Size size) {
    return SEVERAL_CPUS && (long) size.width() * size.height() >= CONCURRENT_PIXELS;
  }

  /** Says that all rows of MCUs up to {@code mcuRow} are decoded. */
  void decoded(int mcuRow) {
    if (batch == 1) {
      rows.put(mcuRow);
    } else if (mcuRow % batch == batch - 1 || mcuRow == last) {
      converting.join();
      converting = ForkJoinPool.commonPool().submit(() -> rows.put(mcuRow));
    }
  }

  /** Waits for the rows that are being converted. */
  @Override
  public void close() {
    converting.join();
  }
}
