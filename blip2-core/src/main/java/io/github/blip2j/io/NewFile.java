package io.github.blip2j.io;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.ClosedChannelException;
import java.nio.channels.FileChannel;
import java.nio.file.AccessDeniedException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.UUID;
import org.jspecify.annotations.Nullable;

/**
 * A file of tensors on its way: each has a place of its own from the start and is filled piece by
 * piece. The bytes go to a temporary file beside the target, which {@link #publish} moves into
 * place: a reader sees the old file or the whole new one. Not for use by several threads at once.
 */
final class NewFile {
  private static final class Slot {
    final TensorSpec spec;
    final long begin;
    long written;

    Slot(TensorSpec spec, long begin) {
      this.spec = spec;
      this.begin = begin;
    }
  }

  /** Writes bytes at a position of a file; tests put a full disk here. */
  @FunctionalInterface
  interface Pipe {
    /** Returns how many were written. */
    int write(FileChannel file, ByteBuffer bytes, long position) throws IOException;
  }

  private final Path target;
  private final Path folder;
  private final String fileName;
  private final Path temporary;
  private final FileChannel channel;
  private final Pipe pipe;
  private final Map<String, Slot> slots = new LinkedHashMap<>();

  /**
   * Starts a file.
   *
   * @throws CheckpointException if the folder doesn't exist, or the target is one
   */
  NewFile(Path target) throws IOException {
    this(target, FileChannel::write);
  }

  NewFile(Path target, Pipe pipe) throws IOException {
    @Nullable Path folder = target.toAbsolutePath().getParent();
    if (folder == null || !Files.isDirectory(folder)) {
      throw new CheckpointException(target + ": folder expected to exist; create it first");
    }
    if (Files.isDirectory(target)) {
      throw new CheckpointException(target + ": file expected, got a folder; name a file in it");
    }
    this.pipe = pipe;
    this.target = target;
    this.folder = folder;
    this.fileName = ReadableFile.nameOf(target);
    this.temporary = target.resolveSibling("." + fileName + "." + UUID.randomUUID() + ".tmp");
    // Not Files.createTempFile: that makes the checkpoint unreadable to everyone but its owner.
    this.channel =
        FileChannel.open(temporary, StandardOpenOption.CREATE_NEW, StandardOpenOption.WRITE);
  }

  /** Checks that names differ from each other and from {@code reserved}. */
  static void requireDistinct(String where, List<TensorSpec> tensors, String reserved) {
    Map<String, TensorSpec> seen = new LinkedHashMap<>();
    for (TensorSpec spec : tensors) {
      if (spec.name().equals(reserved) || seen.put(spec.name(), spec) != null) {
        throw new IllegalArgumentException(
            "%s: tensor names expected to differ, got %s twice".formatted(where, spec.name()));
      }
    }
  }

  /** Gives a tensor its place. */
  void reserve(TensorSpec spec, long begin) {
    slots.put(spec.name(), new Slot(spec, begin));
  }

  /** Appends to a tensor. */
  void append(String name, ByteBuffer bytes) throws IOException {
    @Nullable Slot slot = slots.get(name);
    if (slot == null) {
      throw new IllegalArgumentException(
          "%s: tensor %s expected among the declared ones".formatted(fileName, name));
    }
    if (bytes.remaining() > slot.spec.byteSize() - slot.written) {
      throw new IllegalArgumentException(
          "%s: tensor %s expected %d bytes, got %d"
              .formatted(fileName, name, slot.spec.byteSize(), slot.written + bytes.remaining()));
    }
    int count = bytes.remaining();
    write(bytes, slot.begin + slot.written);
    slot.written += count;
  }

  /** Writes the buffer's remaining bytes at a position. */
  void write(ByteBuffer bytes, long position) throws IOException {
    long at = position;
    try {
      while (bytes.hasRemaining()) {
        at += pipe.write(channel, bytes, at);
      }
    } catch (ClosedChannelException e) { // also of an interrupted thread
      throw e;
    } catch (IOException e) {
      throw new UnwrittenFileException(target, e);
    }
  }

  /** Whether it is neither published nor discarded. */
  boolean isOpen() {
    return channel.isOpen();
  }

  void requireComplete() {
    List<String> incomplete =
        slots.values().stream()
            .filter(slot -> slot.written != slot.spec.byteSize())
            .map(slot -> slot.spec.name() + " has " + slot.written + " of " + slot.spec.byteSize())
            .toList();
    if (!incomplete.isEmpty()) {
      throw new IllegalStateException(
          "%s: all bytes of %d tensors expected, got %d incomplete (%s); nothing was written"
              .formatted(
                  fileName,
                  slots.size(),
                  incomplete.size(),
                  String.join(", ", incomplete.subList(0, Math.min(8, incomplete.size())))));
    }
  }

  /** Moves the file into place, whence a loss of power does not take it. */
  void publish() throws IOException {
    try {
      channel.force(true);
    } catch (ClosedChannelException e) {
      throw e;
    } catch (IOException e) {
      throw new UnwrittenFileException(target, e);
    }
    channel.close();
    Files.move(
        temporary, target, StandardCopyOption.ATOMIC_MOVE, StandardCopyOption.REPLACE_EXISTING);
    forceFolder();
  }

  /** A name is on the disk when its folder is. */
  private void forceFolder() throws IOException {
    try (FileChannel names = FileChannel.open(folder, StandardOpenOption.READ)) {
      names.force(true);
    } catch (AccessDeniedException e) {
      // Windows opens no folder, and keeps names by itself.
    }
  }

  /** Gives up: closes and removes the temporary file; nothing is left to remove once published. */
  void discard() throws IOException {
    channel.close();
    Files.deleteIfExists(temporary);
  }
}
