package io.github.blip2j.io.file;

import java.io.IOException;
import java.io.InterruptedIOException;
import java.nio.channels.FileChannel;
import java.nio.channels.FileLock;
import java.nio.channels.OverlappingFileLockException;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.List;
import java.util.Locale;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.function.Predicate;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/**
 * Hidden files that writers keep beside their targets: {@code .NAME.ID.tmp}. A writer holds a lock
 * on its file, and the system releases the lock when the process ends, in any way. A file that can
 * be locked is therefore the leftover of a killed process.
 */
public final class LeftOvers {
  private static final Pattern NAME = Pattern.compile("\\.(.+)\\.[0-9a-f-]+\\.tmp");

  /**
   * The open files of this process. They are never probed: closing any descriptor of a file
   * releases all POSIX locks that the process holds on it.
   */
  private static final Set<Path> OPEN = ConcurrentHashMap.newKeySet();

  private LeftOvers() {}

  /**
   * Removes the leftovers of killed writers in a folder.
   *
   * @param targets whether a file of this name is a target
   */
  public static void remove(Path folder, Predicate<String> targets) throws IOException {
    if (Files.isDirectory(folder)) {
      remove(folder.toRealPath(), targets, null);
    }
  }

  /**
   * Removes leftovers, and checks that no other writer is active.
   *
   * @param where the target, for the message
   * @param own the caller's own file
   * @throws CheckpointException if another writer is active
   */
  public static void requireAlone(
      Path where, Path folder, Predicate<String> targets, @Nullable Path own) throws IOException {
    @Nullable Path rival = remove(folder.toRealPath(), targets, own);
    if (rival != null) {
      throw new CheckpointException(
          String.format(
              Locale.ROOT,
              "%s: one writer expected, got another that is at work on %s; wait for it or name"
                  + " another place",
              where,
              rival.getFileName()));
    }
  }

  /** Removes leftovers; returns a file that another process is still writing, or null. */
  private static @Nullable Path remove(Path folder, Predicate<String> targets, @Nullable Path own)
      throws IOException {
    List<Path> hidden;
    try (Stream<Path> files = Files.list(folder)) {
      hidden = files.filter(file -> isOf(targets, file) && !file.equals(own)).toList();
    }
    @Nullable Path busy = null;
    for (Path file : hidden) {
      if (isLocked(file, () -> Files.deleteIfExists(file))) {
        busy = file;
      }
    }
    return busy;
  }

  /**
   * Registers a file for removal at the end of this process, after the shutdown hooks; call this
   * before the file exists.
   *
   * @throws InterruptedIOException if the process is already ending, and nothing new should begin
   */
  static void removeAtExit(Path file) throws InterruptedIOException {
    try {
      file.toFile().deleteOnExit();
    } catch (IllegalStateException e) {
      throw new InterruptedIOException(file + ": process expected to run, got it ending");
    }
  }

  /** Locks a file of this process; false if another process removed it as a leftover. */
  static boolean claim(Path file, FileChannel channel) {
    OPEN.add(file);
    try {
      @Nullable FileLock lock = channel.tryLock();
      if (lock != null && Files.exists(file)) {
        return true;
      }
    } catch (IOException e) {
      return true; // a file system without locks, where no process can lock it
    }
    OPEN.remove(file);
    return false;
  }

  /** Removes a file of this process, unless it was moved. */
  static void release(Path file) throws IOException {
    if (OPEN.remove(file)) {
      Files.deleteIfExists(file);
    }
  }

  private static boolean isOf(Predicate<String> targets, Path file) {
    Matcher name = NAME.matcher(ReadableFile.nameOf(file));
    return name.matches()
        && targets.test(name.group(1))
        && Files.isRegularFile(file, LinkOption.NOFOLLOW_LINKS);
  }

  /** Removes a leftover while its lock is held. */
  @FunctionalInterface
  interface Removal {
    void run() throws IOException;
  }

  /**
   * Removes a file that can be locked, and what belongs to it; true if another process holds the
   * lock.
   */
  static boolean isLocked(Path file, Removal removal) {
    if (OPEN.contains(file)) {
      return true;
    }
    try (FileChannel channel = FileChannel.open(file, StandardOpenOption.WRITE)) {
      @Nullable FileLock lock = channel.tryLock();
      if (lock == null) {
        return true;
      }
      removal.run();
    } catch (OverlappingFileLockException e) {
      return true;
    } catch (IOException e) {
      // The file is gone, belongs to another user, or has no locks: leave it.
    }
    return false;
  }
}
