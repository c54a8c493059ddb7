package io.github.blip2j.training;

import static java.nio.file.LinkOption.NOFOLLOW_LINKS;

import io.github.blip2j.io.file.OutputFile;
import java.io.IOException;
import java.nio.channels.FileChannel;
import java.nio.channels.FileLock;
import java.nio.channels.OverlappingFileLockException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.nio.file.attribute.BasicFileAttributes;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * A lock of a run's folder among all processes. The system releases it when the process ends, in
 * any way.
 */
final class FolderLock implements AutoCloseable {
  static final String NAME = ".lock";

  private static final Logger LOG = LoggerFactory.getLogger(FolderLock.class);

  /** Locks of this process. Opening one of these files again would release its lock (POSIX). */
  private static final Set<Path> HELD = ConcurrentHashMap.newKeySet();

  private final Path file;
  private final FileChannel channel;

  private FolderLock(Path file, FileChannel channel) {
    this.file = file;
    this.channel = channel;
  }

  /**
   * Locks a folder.
   *
   * @throws IllegalStateException if another run holds the lock
   */
  static FolderLock take(Path folder) throws IOException {
    Path file = folder.toRealPath().resolve(NAME);
    OutputFile.require(file);
    if (!HELD.add(file)) {
      throw taken(folder);
    }
    boolean held = false;
    try {
      @Nullable FileChannel channel = null;
      while (channel == null) {
        channel = open(file, folder);
      }
      held = true;
      return new FolderLock(file, channel);
    } finally {
      if (!held) {
        HELD.remove(file);
      }
    }
  }

  /** The locked file, or null if its previous owner removed it. */
  private static @Nullable FileChannel open(Path file, Path folder) throws IOException {
    FileChannel channel =
        FileChannel.open(file, StandardOpenOption.CREATE, StandardOpenOption.WRITE);
    boolean held = false;
    try {
      @Nullable Object opened = identity(file);
      if (!lock(channel, folder)) {
        throw taken(folder);
      }
      // A locked file without a name excludes nobody.
      held = opened != null && opened.equals(identity(file));
      return held ? channel : null;
    } finally {
      if (!held) {
        channel.close();
      }
    }
  }

  private static @Nullable Object identity(Path file) throws IOException {
    try {
      @Nullable Object key =
          Files.readAttributes(file, BasicFileAttributes.class, NOFOLLOW_LINKS).fileKey();
      return key == null ? file : key; // Windows has no file keys, and removes no open file
    } catch (NoSuchFileException e) {
      return null;
    }
  }

  /**
   * Checks that no run holds a folder, which need not exist.
   *
   * @throws IllegalStateException if a run holds it
   */
  static void requireFree(Path folder) throws IOException {
    if (Files.exists(folder.resolve(NAME))) {
      take(folder).close();
    }
  }

  private static boolean lock(FileChannel channel, Path folder) {
    try {
      @Nullable FileLock lock = channel.tryLock();
      return lock != null;
    } catch (OverlappingFileLockException e) {
      return false;
    } catch (IOException e) {
      LOG.warn("{}: a file system without locks; see that one run at a time writes here", folder);
      return true;
    }
  }

  private static IllegalStateException taken(Path folder) {
    return new IllegalStateException(
        "training: folder expected without a run, got "
            + folder
            + ", which another run is writing to; wait for it or choose another");
  }

  @Override
  public void close() throws IOException {
    Files.deleteIfExists(file); // before the unlock: afterwards the file may be another process's
    channel.close();
    HELD.remove(file);
  }
}
