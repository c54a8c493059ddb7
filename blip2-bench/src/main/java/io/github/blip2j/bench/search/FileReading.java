package io.github.blip2j.bench.search;

import java.io.IOException;
import java.nio.ByteOrder;
import java.nio.LongBuffer;
import java.nio.MappedByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.IntStream;
import java.util.stream.Stream;

/**
 * The time in which all cores read mapped files: what memory gives. They are read in two ways, by
 * sums in four streams and by copies into a buffer that stays in the cache, and the faster one
 * counts.
 */
final class FileReading implements AutoCloseable {
  private static final int PIECE = 1 << 14; // longs, 128 KiB

  private final List<MappedByteBuffer> files = new ArrayList<>();
  private final long[][] buffers = new long[Runtime.getRuntime().availableProcessors()][PIECE];

  FileReading(Path folder, String ending) throws IOException {
    List<Path> paths;
    try (Stream<Path> all = Files.list(folder)) {
      paths = all.filter(file -> file.toString().endsWith(ending)).sorted().toList();
    }
    for (Path path : paths) {
      try (FileChannel channel = FileChannel.open(path)) {
        files.add(channel.map(FileChannel.MapMode.READ_ONLY, 0, channel.size()));
      }
    }
  }

  long size() {
    return files.stream().mapToLong(MappedByteBuffer::capacity).sum();
  }

  double milliseconds() {
    return Math.min(milliseconds(FileReading::copy), milliseconds(FileReading::sum));
  }

  /** Reads a part of a file. */
  @FunctionalInterface
  private interface Way {
    void read(LongBuffer part, long[] buffer);
  }

  private double milliseconds(Way way) {
    long before = System.nanoTime();
    IntStream.range(0, buffers.length)
        .parallel()
        .forEach(
            part -> {
              for (MappedByteBuffer file : files) {
                LongBuffer all = file.duplicate().order(ByteOrder.nativeOrder()).asLongBuffer();
                int begin = (int) ((long) all.limit() * part / buffers.length);
                int end = (int) ((long) all.limit() * (part + 1) / buffers.length);
                way.read(all.slice(begin, end - begin), buffers[part]);
              }
            });
    return (System.nanoTime() - before) / 1e6;
  }

  private static void copy(LongBuffer part, long[] buffer) {
    while (part.hasRemaining()) {
      part.get(buffer, 0, Math.min(buffer.length, part.remaining()));
    }
  }

  private static void sum(LongBuffer part, long[] buffer) {
    int quarter = part.limit() / 4;
    long a = 0;
    long b = 0;
    long c = 0;
    long d = 0;
    for (int i = 0; i < quarter; i++) {
      a += part.get(i);
      b += part.get(i + quarter);
      c += part.get(i + 2 * quarter);
      d += part.get(i + 3 * quarter);
    }
    buffer[0] = a + b + c + d; // so that the loop is needed
  }

  @Override
  public void close() {
    files.clear(); // the collector unmaps them
  }
}
