package io.github.blip2j.io.file;

import static java.nio.file.LinkOption.NOFOLLOW_LINKS;

import java.io.IOException;
import java.nio.channels.FileChannel;
import java.nio.channels.FileLock;
import java.nio.channels.OverlappingFileLockException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.nio.file.attribute.BasicFileAttributes;
import java.util.Locale;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * A lock of a folder that one process at a time may write to, among all processes. The system
 * releases it when the process ends, in any way.
 */
public final class FolderLock implements AutoCloseable {
  public static final String NAME = ".lock";

  private static final Logger LOG = LoggerFactory.getLogger(FolderLock.class);

  /** Locks of this process. Opening one of these files again would release its lock (POSIX). */
  private static final Set<Path> HELD = ConcurrentHashMap.newKeySet();

  /**
   * Who wants a lock, for the message to those who do not get it.
   *
   * @param where such as {@code training}
   * @param one such as {@code a run}
   * @param another such as {@code another run}
   */
  public record Owner(String where, String one, String another) {
    /** {@link IllegalStateException} about a folder that another one is writing to. */
    IllegalStateException refused(Path folder) {
      return new IllegalStateException(
          String.format(
              Locale.ROOT,
              "%s: folder expected without %s, got %s, which %s is writing to; wait for it"
                  + " or choose another",
              where,
              one,
              folder,
              another));
    }
  }

  private final Path file;
  private final FileChannel channel;

  private FolderLock(Path file, FileChannel channel) {
    this.file = file;
    this.channel = channel;
  }

  /**
   * Locks a folder.
   *
   * @param owner who wants it
   * @throws IllegalStateException if another process or thread holds the lock
   */
  public static FolderLock take(Path folder, Owner owner) throws IOException {
    Path file = folder.toRealPath().resolve(NAME);
    OutputFile.require(file);
    if (!HELD.add(file)) {
      throw owner.refused(folder);
    }
    boolean held = false;
    try {
      @Nullable FileChannel channel = null;
      while (channel == null) {
        channel = open(file, folder, owner);
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
  private static @Nullable FileChannel open(Path file, Path folder, Owner owner)
      throws IOException {
    FileChannel channel =
        FileChannel.open(file, StandardOpenOption.CREATE, StandardOpenOption.WRITE);
    boolean held = false;
    try {
      @Nullable Object opened = identity(file);
      if (!lock(channel, folder)) {
        throw owner.refused(folder);
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
   * Checks that nobody holds a folder, which need not exist.
   *
   * @throws IllegalStateException if somebody holds it
   */
  public static void requireFree(Path folder, Owner owner) throws IOException {
    if (Files.exists(folder.resolve(NAME))) {
      take(folder, owner).close();
    }
  }

  private static boolean lock(FileChannel channel, Path folder) {
    try {
      @Nullable FileLock lock = channel.tryLock();
      return lock != null;
    } catch (OverlappingFileLockException e) {
      return false;
    } catch (IOException e) {
      LOG.warn(
          "{}: a file system without locks; see that one process at a time writes here", folder);
      return true;
    }
  }

  @Override
  public void close() throws IOException {
    Files.deleteIfExists(file); // before the unlock: afterwards the file may be another process's
    channel.close();
    HELD.remove(file);
  }
}
