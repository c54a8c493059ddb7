package io.github.blip2j.backend;

import java.util.ArrayDeque;
import java.util.Locale;
import java.util.Map;
import java.util.TreeMap;
import java.util.function.LongSupplier;
import org.jspecify.annotations.Nullable;

/**
 * A pool of off-heap blocks of one memory.
 *
 * <p>Fresh pages cost ten times the addition that fills them: the kernel clears each one at first
 * touch, and the C library returns large blocks as soon as they are freed, so the next tensor of
 * the same size pays again. Released blocks are therefore kept here, sorted by size; a request
 * takes the smallest that fits if it wastes less than a quarter. Sizes are rounded to 256 bytes,
 * from 4 KiB to pages and from 1 MiB to 64 KiB, so that lengths which grow by one token reuse
 * blocks.
 *
 * <p>The size of the pool is bounded; further blocks are freed at once. Requests of a megabyte or
 * more are checked against the memory the system has left, because Linux would grant them and kill
 * the process later.
 */
final class MemoryPool {
  /** A block: what its memory gave for it, and its aligned start. */
  record Block(long allocation, long address, long size) {}

  private static final long ALIGNMENT = 64; // one cache line, one AVX-512 register
  private static final long CHECKED = 1L << 20;
  static final long RESERVE = 1L << 28; // for the heap, code and threads

  private final DeviceMemory memory;
  private final long limit;
  private final long waitingLimit;
  private final LongSupplier available;
  private final long lastingNanos;
  private final TreeMap<Long, ArrayDeque<Block>> waiting = new TreeMap<>();
  private long waitingBytes;
  private long totalBytes;
  private long left; // the system's free memory at the last query, minus blocks taken since
  private long askedAt = Long.MIN_VALUE;

  /** A pool that queries the system's memory before each large block. */
  MemoryPool(long limit, long waitingLimit, LongSupplier available) {
    this(DeviceMemory.host(), limit, waitingLimit, available, 0);
  }

  /**
   * A pool that caches the system's free memory for some time, minus the blocks taken since, as
   * long as that is enough.
   */
  MemoryPool(
      DeviceMemory memory,
      long limit,
      long waitingLimit,
      LongSupplier available,
      long lastingNanos) {
    this.memory = memory;
    this.limit = limit;
    this.waitingLimit = waitingLimit;
    this.available = available;
    this.lastingNanos = lastingNanos;
  }

  /**
   * A block of at least {@code bytes}, its content undefined.
   *
   * @throws MemoryShortageException if the system has less memory left
   */
  synchronized Block acquire(long bytes, String op) {
    long size = roundUp(Math.max(bytes, 1), op);
    Block block = takeWaiting(size);
    if (block != null) {
      return block;
    }
    requireRoom(size, op);
    long allocation = memory.allocate(size + ALIGNMENT);
    if (allocation == 0) {
      throw new MemoryShortageException(shortage(size, op));
    }
    totalBytes += size;
    left -= size;
    long address = (allocation + ALIGNMENT - 1) & -ALIGNMENT;
    return new Block(allocation, address, size);
  }

  /** Returns a block to the pool. */
  synchronized void release(Block block) {
    if (waitingBytes + block.size > waitingLimit) {
      free(block);
      return;
    }
    waiting.computeIfAbsent(block.size, size -> new ArrayDeque<>()).push(block);
    waitingBytes += block.size;
  }

  /** Frees all pooled blocks. */
  synchronized void trim() {
    waiting.values().forEach(blocks -> blocks.forEach(this::free));
    waiting.clear();
    waitingBytes = 0;
  }

  /** Bytes taken from the system, in use or pooled. */
  synchronized long totalBytes() {
    return totalBytes;
  }

  /** Bytes in use. */
  synchronized long usedBytes() {
    return totalBytes - waitingBytes;
  }

  /** Bytes that are pooled. */
  synchronized long waitingBytes() {
    return waitingBytes;
  }

  private @Nullable Block takeWaiting(long size) {
    Map.Entry<Long, ArrayDeque<Block>> entry = waiting.ceilingEntry(size);
    if (entry == null || entry.getKey() > size + size / 4) {
      return null;
    }
    Block block = entry.getValue().pop();
    if (entry.getValue().isEmpty()) {
      waiting.remove(entry.getKey());
    }
    waitingBytes -= block.size;
    return block;
  }

  private void requireRoom(long size, String op) {
    if (totalBytes + size > limit) {
      trim();
      if (totalBytes + size > limit) {
        throw new MemoryShortageException(shortage(size, op));
      }
    }
    if (size >= CHECKED && !systemHas(size + RESERVE)) {
      trim();
      if (!systemHas(size + RESERVE)) {
        throw new MemoryShortageException(shortage(size, op));
      }
    }
  }

  private boolean systemHas(long bytes) {
    long now = System.nanoTime();
    boolean old = askedAt == Long.MIN_VALUE || now - askedAt >= lastingNanos;
    if (old || bytes > left) {
      left = available.getAsLong();
      askedAt = now;
    }
    return bytes <= left;
  }

  private String shortage(long size, String op) {
    long room = Math.max(0, Math.min(limit - totalBytes, available.getAsLong() - RESERVE));
    return String.format(
        Locale.ROOT,
        "%s: memory expected %s more, got %s left beside %s of tensors; close other models, use a"
            + " smaller batch or image, or raise blip2.memory.limit if it is set",
        op,
        inWords(size),
        inWords(room),
        inWords(totalBytes));
  }

  /** Bytes in the largest unit that leaves at least two digits. */
  static String inWords(long bytes) {
    if (bytes < 10L << 10) {
      return bytes + " B";
    }
    return bytes < 10L << 20 ? (bytes >> 10) + " KiB" : (bytes >> 20) + " MiB";
  }

  private void free(Block block) {
    totalBytes -= block.size;
    memory.free(block.allocation);
  }

  private static long roundUp(long bytes, String op) {
    if (bytes > Long.MAX_VALUE - RESERVE - CHECKED) { // sums with it must not overflow
      throw new MemoryShortageException(op + ": memory expected, got a size of " + bytes + " B");
    }
    long step = bytes < 1L << 12 ? 256 : bytes < 1L << 20 ? 1L << 12 : 1L << 16;
    return (bytes + step - 1) / step * step;
  }

  static long limit(String property, long otherwise) {
    String value = System.getProperty(property);
    if (value == null) {
      return otherwise;
    }
    String size = value.trim().toLowerCase(Locale.ROOT);
    if (!size.matches("\\d{1,10}[kmg]?")) {
      throw new IllegalArgumentException(
          property + ": expected a number of bytes such as 800m or 8g, got " + value);
    }
    int shift = 10 * ("kmg".indexOf(size.charAt(size.length() - 1)) + 1);
    long count = Long.parseLong(size.replaceAll("\\D", ""));
    return count > Long.MAX_VALUE >> shift ? Long.MAX_VALUE : count << shift;
  }
}
