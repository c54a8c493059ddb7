package io.github.blip2j.io.file;

import java.io.File;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.ClosedChannelException;
import java.nio.channels.FileChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.AccessDeniedException;
import java.nio.file.FileAlreadyExistsException;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.util.UUID;
import org.jspecify.annotations.Nullable;

/**
 * A file that is written atomically. The bytes go to a hidden file beside the target, which {@link
 * #publish} moves into place: a reader sees the old file or the complete new one.
 *
 * <p>Only regular files are replaced. If the target is a link to one, the link's target is
 * replaced. A device, a pipe, a socket, a folder and a dangling link are refused.
 *
 * <p>The hidden file is locked while it is written ({@link LeftOvers}). A second writer of the same
 * target is refused. An unlocked hidden file belongs to a killed process; the next writer removes
 * it. A process that is told to end removes its own hidden files. Not for use by several threads at
 * once.
 */
public final class OutputFile implements AutoCloseable {
  /** One id for the process: names repeat, so the list of files to delete at exit stays short. */
  private static final String RUN = UUID.randomUUID().toString();

  private static final int LONGEST_STEM = 200; // of 255 bytes, less prefix and ending
  private static final boolean OPEN_FILES_MOVE = File.separatorChar == '/';

  private final Path target;
  private final Path place;
  private final Path temporary;
  private final FileChannel channel;

  private OutputFile(Path target, Path place, Path temporary, FileChannel channel) {
    this.target = target;
    this.place = place;
    this.temporary = temporary;
    this.channel = channel;
  }

  /**
   * Checks that a file can be written there, before any work.
   *
   * @throws CheckpointException if the folder doesn't exist, or the target is not a regular file
   */
  public static void require(Path target) throws IOException {
    placeOf(target);
  }

  /**
   * Checks that a folder exists or can be made.
   *
   * @throws CheckpointException if the path is not a folder
   */
  public static void requireFolder(Path folder) throws IOException {
    if (Files.exists(folder, LinkOption.NOFOLLOW_LINKS) && !Files.isDirectory(folder)) {
      throw new CheckpointException(
          folder + ": folder expected, got " + kindOf(folder) + "; name another");
    }
  }

  /**
   * Makes a folder, unless it exists.
   *
   * @throws CheckpointException if the path is not a folder
   */
  public static Path makeFolder(Path folder) throws IOException {
    requireFolder(folder);
    try {
      return Files.createDirectories(folder);
    } catch (FileAlreadyExistsException e) { // a parent is a file
      throw new CheckpointException(e.getFile() + ": folder expected, got a file; name another");
    }
  }

  /**
   * Starts a file.
   *
   * @throws CheckpointException if the folder doesn't exist, the target is not a regular file, or
   *     another writer of the same file is active
   */
  public static OutputFile create(Path target) throws IOException {
    Path place = placeOf(target);
    String stem = stem(ReadableFile.nameOf(place));
    for (String id = RUN; ; id = UUID.randomUUID().toString()) {
      Path temporary = place.resolveSibling("." + stem + "." + id + ".tmp");
      LeftOvers.removeAtExit(temporary);
      FileChannel channel;
      try {
        // Not Files.createTempFile: its files are readable for their owner only.
        channel =
            FileChannel.open(temporary, StandardOpenOption.CREATE_NEW, StandardOpenOption.WRITE);
      } catch (FileAlreadyExistsException e) { // another thread writes the same file
        continue;
      }
      boolean begun = false;
      try {
        if (LeftOvers.claim(temporary, channel)) {
          begun = true;
          var file = new OutputFile(target, place, temporary, channel);
          file.requireAlone(stem);
          return file;
        }
      } finally {
        if (!begun) { // removed as a leftover before it was locked
          channel.close();
        }
      }
    }
  }

  /** Writes a text to a file, UTF-8. */
  public static void write(Path target, String text) throws IOException {
    write(target, text.getBytes(StandardCharsets.UTF_8));
  }

  /** Writes bytes to a file. */
  public static void write(Path target, byte[] bytes) throws IOException {
    try (OutputFile file = create(target)) {
      ByteBuffer rest = ByteBuffer.wrap(bytes);
      while (rest.hasRemaining()) {
        file.write(rest);
      }
      file.publish();
    }
  }

  private void write(ByteBuffer bytes) throws IOException {
    try {
      channel.write(bytes);
    } catch (ClosedChannelException e) { // also after an interrupt of the thread
      throw e;
    } catch (IOException e) {
      throw new UnwrittenFileException(target, e);
    }
  }

  /** The channel of the hidden file. */
  public FileChannel channel() {
    return channel;
  }

  /** Moves the file into place, and forces it to the disk. */
  public void publish() throws IOException {
    try {
      channel.force(true);
    } catch (ClosedChannelException e) {
      throw e;
    } catch (IOException e) {
      throw new UnwrittenFileException(target, e);
    }
    requireReplaceable(target, place); // the target may have changed meanwhile
    if (!OPEN_FILES_MOVE) {
      channel.close();
    }
    // An earlier close would release the lock for a moment, and the file would look like a
    // leftover.
    Files.move(
        temporary, place, StandardCopyOption.ATOMIC_MOVE, StandardCopyOption.REPLACE_EXISTING);
    close();
    forceFolder();
  }

  /** Removes the hidden file, unless it was published. */
  @Override
  public void close() throws IOException {
    if (channel.isOpen()) {
      channel.close();
    }
    LeftOvers.release(temporary);
  }

  private void requireAlone(String stem) throws IOException {
    boolean alone = false;
    try {
      LeftOvers.requireAlone(target, folder(), stem::equals, temporary);
      alone = true;
    } finally {
      if (!alone) {
        close();
      }
    }
  }

  private Path folder() {
    return place.resolveSibling("");
  }

  /** Forces the folder to the disk, because that makes the name durable. */
  private void forceFolder() throws IOException {
    try (FileChannel names = FileChannel.open(folder(), StandardOpenOption.READ)) {
      names.force(true);
    } catch (AccessDeniedException e) {
      // Windows cannot open folders, and makes names durable by itself.
    }
  }

  /** The target with all links resolved, so that each file has one path. */
  private static Path placeOf(Path target) throws IOException {
    Path absolute = target.toAbsolutePath();
    @Nullable Path folder = absolute.getParent();
    @Nullable Path name = absolute.getFileName();
    if (folder == null || name == null || !Files.isDirectory(folder)) {
      throw new CheckpointException(target + ": folder expected to exist; create it first");
    }
    requireReplaceable(target, target);
    return Files.exists(target) ? target.toRealPath() : folder.toRealPath().resolve(name);
  }

  private static void requireReplaceable(Path target, Path place) throws IOException {
    if (Files.isDirectory(place)) {
      throw new CheckpointException(target + ": file expected, got a folder; name a file in it");
    }
    boolean there = Files.exists(place, LinkOption.NOFOLLOW_LINKS);
    if (there && !Files.isRegularFile(place)) {
      throw new CheckpointException(
          target + ": file expected, got " + kindOf(place) + "; name another");
    }
  }

  private static String kindOf(Path path) {
    if (!Files.exists(path)) {
      return "a link to nothing";
    }
    return Files.isRegularFile(path) ? "a file" : "a device, pipe or socket";
  }

  private static String stem(String name) {
    byte[] bytes = name.getBytes(StandardCharsets.UTF_8);
    return bytes.length <= LONGEST_STEM ? name : UUID.nameUUIDFromBytes(bytes).toString();
  }
}
