package io.github.blip2j.bench.search;

import java.io.IOException;
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
 * The time in which all cores copy mapped files piece by piece into a buffer that stays in the
 * cache: what memory gives.
 */
final class FileReading implements AutoCloseable {
  private static final int PIECE = 1 << 14; // longs, 128 KiB

  private final List<MappedByteBuffer> files = new ArrayList<>();
  private final long[][] buffers =
      new long[Runtime.getRuntime().availableProcessors()][PIECE];

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
    long before = System.nanoTime();
    IntStream.range(0, buffers.length).parallel().forEach(this::read);
    return (System.nanoTime() - before) / 1e6;
  }

  /** Reads one part of as many as there are cores. */
  private void read(int part) {
    for (MappedByteBuffer file : files) {
      LongBuffer longs = file.duplicate().asLongBuffer();
      int begin = (int) ((long) longs.limit() * part / buffers.length);
      int end = (int) ((long) longs.limit() * (part + 1) / buffers.length);
      for (int at = begin; at < end; at += PIECE) {
        longs.position(at).get(buffers[part], 0, Math.min(PIECE, end - at));
      }
    }
  }

  @Override
  public void close() {
    files.clear(); // the collector unmaps them
  }
}
