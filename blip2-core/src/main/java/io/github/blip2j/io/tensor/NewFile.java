package io.github.blip2j.io.tensor;

import io.github.blip2j.io.file.CheckpointException;
import io.github.blip2j.io.file.OutputFile;
import io.github.blip2j.io.file.ReadableFile;
import io.github.blip2j.io.file.UnwrittenFileException;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.ClosedChannelException;
import java.nio.channels.FileChannel;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * A file of tensors that is being written ({@link OutputFile}): each tensor has its position from
 * the start and is filled in pieces. Not for use by several threads at once.
 */
public final class NewFile {
  private static final class Slot {
    final TensorSpec spec;
    final long begin;
    long written;

    Slot(TensorSpec spec, long begin) {
      this.spec = spec;
      this.begin = begin;
    }
  }

  /** Writes bytes at a position of a file; tests simulate a full disk here. */
  @FunctionalInterface
  interface Pipe {
    /** Returns the number of bytes written. */
    int write(FileChannel file, ByteBuffer bytes, long position) throws IOException;
  }

  private final Path target;
  private final String fileName;
  private final OutputFile file;
  private final Pipe pipe;
  private final Map<String, Slot> slots = new LinkedHashMap<>();

  /**
   * Starts a file.
   *
   * @throws CheckpointException if {@link OutputFile#create} refuses it
   */
  public NewFile(Path target) throws IOException {
    this(target, FileChannel::write);
  }

  NewFile(Path target, Pipe pipe) throws IOException {
    this.pipe = pipe;
    this.target = target;
    this.fileName = ReadableFile.nameOf(target);
    this.file = OutputFile.create(target);
  }

  /** Checks that names are distinct and differ from {@code reserved}. */
  public static void requireDistinct(String where, List<TensorSpec> tensors, String reserved) {
    Map<String, TensorSpec> seen = new LinkedHashMap<>();
    for (TensorSpec spec : tensors) {
      if (spec.name().equals(reserved) || seen.put(spec.name(), spec) != null) {
        throw new IllegalArgumentException(
            String.format(
                Locale.ROOT,
                "%s: tensor names expected to differ, got %s twice",
                where,
                spec.name()));
      }
    }
  }

  /** Reserves a tensor's position. */
  public void reserve(TensorSpec spec, long begin) {
    slots.put(spec.name(), new Slot(spec, begin));
  }

  /** Appends to a tensor. */
  public void append(String name, ByteBuffer bytes) throws IOException {
    @Nullable Slot slot = slots.get(name);
    if (slot == null) {
      throw new IllegalArgumentException(
          String.format(
              Locale.ROOT, "%s: tensor %s expected among the declared ones", fileName, name));
    }
    if (bytes.remaining() > slot.spec.byteSize() - slot.written) {
      throw new IllegalArgumentException(
          String.format(
              Locale.ROOT,
              "%s: tensor %s expected %d bytes, got %d",
              fileName,
              name,
              slot.spec.byteSize(),
              slot.written + bytes.remaining()));
    }
    int count = bytes.remaining();
    write(bytes, slot.begin + slot.written);
    slot.written += count;
  }

  /** Writes the buffer's remaining bytes at a position. */
  public void write(ByteBuffer bytes, long position) throws IOException {
    long at = position;
    try {
      while (bytes.hasRemaining()) {
        at += pipe.write(file.channel(), bytes, at);
      }
    } catch (ClosedChannelException e) { // also after an interrupt of the thread
      throw e;
    } catch (IOException e) {
      throw new UnwrittenFileException(target, e);
    }
  }

  /** Whether the file is neither published nor discarded. */
  public boolean isOpen() {
    return file.channel().isOpen();
  }

  public void requireComplete() {
    List<String> incomplete =
        slots.values().stream()
            .filter(slot -> slot.written != slot.spec.byteSize())
            .map(slot -> slot.spec.name() + " has " + slot.written + " of " + slot.spec.byteSize())
            .toList();
    if (!incomplete.isEmpty()) {
      throw new IllegalStateException(
          String.format(
              Locale.ROOT,
              "%s: all bytes of %d tensors expected, got %d incomplete (%s); nothing was written",
              fileName,
              slots.size(),
              incomplete.size(),
              String.join(", ", incomplete.subList(0, Math.min(8, incomplete.size())))));
    }
  }

  /** Moves the file into place, and forces it to the disk. */
  public void publish() throws IOException {
    file.publish();
  }

  /** Closes and removes the temporary file; does nothing once it is published. */
  public void discard() throws IOException {
    file.close();
  }
}
