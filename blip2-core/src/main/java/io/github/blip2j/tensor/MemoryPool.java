package io.github.blip2j.tensor;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayDeque;
import java.util.Locale;
import java.util.Map;
import java.util.TreeMap;
import java.util.function.LongSupplier;
import org.bytedeco.javacpp.Pointer;
import org.jspecify.annotations.Nullable;

/**
 * Off-heap blocks that are used again.
 *
 * <p>Fresh pages cost ten times the addition that fills them: the kernel clears each one at first
 * touch, and the C library returns large blocks as soon as they are freed, so the next tensor of
 * the same size pays again. Released blocks therefore wait here, sorted by size; a request takes
 * the smallest that fits if it wastes less than a quarter. Sizes are rounded to 256 bytes, from 4
 * KiB to pages and from 1 MiB to 64 KiB, so that lengths which grow by one token still meet.
 *
 * <p>What waits is bounded; beyond that, blocks go back to the system at once. Requests of a
 * megabyte or more are checked against the memory the system has left, because Linux would grant
 * them and kill the process later.
 */
final class MemoryPool {
  /** A block and the pointer that frees it. */
  record Block(Pointer owner, long address, long size) {}

  private static final Path MEMINFO = Path.of("/proc/meminfo");
  private static final Path CGROUP = Path.of("/sys/fs/cgroup");

  static final MemoryPool SHARED =
      new MemoryPool(
          limit("blip2.memory.limit", Long.MAX_VALUE),
          limit("blip2.memory.pool", Math.max(1L << 28, physicalMemory() / 8)),
          MemoryPool::availableMemory);

  private static final long ALIGNMENT = 64; // one cache line, one AVX-512 register
  private static final long CHECKED = 1L << 20;
  static final long RESERVE = 1L << 28; // what the heap, code and threads still ask for

  private final long limit;
  private final long waitingLimit;
  private final LongSupplier available;
  private final TreeMap<Long, ArrayDeque<Block>> waiting = new TreeMap<>();
  private long waitingBytes;
  private long totalBytes;

  static {
    Natives.prepare();
  }

  MemoryPool(long limit, long waitingLimit, LongSupplier available) {
    this.limit = limit;
    this.waitingLimit = waitingLimit;
    this.available = available;
  }

  /**
   * A block of at least {@code bytes}, its content undefined.
   *
   * @throws MemoryShortageException if the system has not that much left
   */
  synchronized Block acquire(long bytes, String op) {
    long size = roundUp(Math.max(bytes, 1));
    Block block = takeWaiting(size);
    if (block != null) {
      return block;
    }
    requireRoom(size, op);
    Pointer owner = Pointer.malloc(size + ALIGNMENT);
    if (owner == null || owner.isNull()) {
      throw new MemoryShortageException(shortage(size, op));
    }
    totalBytes += size;
    long address = (owner.address() + ALIGNMENT - 1) & -ALIGNMENT;
    return new Block(owner, address, size);
  }

  /** Takes a block back. */
  synchronized void release(Block block) {
    if (waitingBytes + block.size > waitingLimit) {
      free(block);
      return;
    }
    waiting.computeIfAbsent(block.size, size -> new ArrayDeque<>()).push(block);
    waitingBytes += block.size;
  }

  /** Returns everything that waits to the system. */
  synchronized void trim() {
    waiting.values().forEach(blocks -> blocks.forEach(this::free));
    waiting.clear();
    waitingBytes = 0;
  }

  /** Bytes held from the system, in use or waiting. */
  synchronized long totalBytes() {
    return totalBytes;
  }

  /** Bytes in use. */
  synchronized long usedBytes() {
    return totalBytes - waitingBytes;
  }

  /** Bytes that wait to be used again. */
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
    if (size >= CHECKED && size + RESERVE > available.getAsLong()) {
      trim();
      if (size + RESERVE > available.getAsLong()) {
        throw new MemoryShortageException(shortage(size, op));
      }
    }
  }

  private String shortage(long size, String op) {
    long left = Math.max(0, Math.min(limit - totalBytes, available.getAsLong() - RESERVE));
    return String.format(
        Locale.ROOT,
        "%s: memory expected %s more, got %s left beside %s of tensors; close other models, use a"
            + " smaller batch or image, or raise blip2.memory.limit if it is set",
        op,
        inWords(size),
        inWords(left),
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
    Pointer.free(block.owner);
  }

  private static long roundUp(long bytes) {
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

  /** Bytes that the system would still give: the least of machine and container. */
  static long availableMemory() {
    long machine = field(MEMINFO, "MemAvailable:", 10, Long.MAX_VALUE);
    // What the container holds of files can be dropped, so it counts as free.
    long used = cgroup("memory.current", 0) - field(CGROUP.resolve("memory.stat"), "file ", 0, 0);
    return Math.min(machine, containerLimit() - used);
  }

  /** Bytes of memory in this machine, or what its container may use of them. */
  static long physicalMemory() {
    return Math.min(field(MEMINFO, "MemTotal:", 10, 4L << 30), containerLimit());
  }

  private static long containerLimit() {
    return cgroup("memory.max", Long.MAX_VALUE);
  }

  /** A number of the control group that this process sees as its root, version 2. */
  private static long cgroup(String name, long otherwise) {
    Path file = CGROUP.resolve(name);
    try {
      String value = Files.isReadable(file) ? Files.readString(file).trim() : "max";
      return value.equals("max") ? otherwise : Long.parseLong(value);
    } catch (IOException | NumberFormatException e) {
      return otherwise;
    }
  }

  /** A number in a file of lines {@code name number}, times two to the {@code shift}. */
  private static long field(Path file, String name, int shift, long otherwise) {
    if (!Files.isReadable(file)) {
      return otherwise; // not Linux: malloc's own answer has to do
    }
    try (var lines = Files.lines(file)) {
      return lines
          .filter(line -> line.startsWith(name))
          .mapToLong(line -> Long.parseLong(line.replaceAll("\\D", "")) << shift)
          .findFirst()
          .orElse(otherwise);
    } catch (IOException e) {
      return otherwise;
    }
  }
}
