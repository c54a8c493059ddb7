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
 * Hidden files that writers put beside their targets: {@code .NAME.ID.tmp}. Each is locked for as
 * long as it is written, and the system takes the lock back when a process ends, however it does.
 * So whatever can be locked is left over from a process that was killed.
 */
public final class LeftOvers {
  private static final Pattern NAME = Pattern.compile("\\.(.+)\\.[0-9a-f-]+\\.tmp");

  /** Of this process. To look at them would end their locks: POSIX ends all of a file at once. */
  private static final Set<Path> OPEN = ConcurrentHashMap.newKeySet();

  private LeftOvers() {}

  /**
   * Removes what killed writers left of targets in a folder.
   *
   * @param targets whether a file of this name is one of them
   */
  public static void remove(Path folder, Predicate<String> targets) throws IOException {
    if (Files.isDirectory(folder)) {
      remove(folder.toRealPath(), targets, null);
    }
  }

  /**
   * Removes them and checks that nobody is writing any.
   *
   * @param where what is written, for the message
   * @param own what the asker writes itself
   * @throws CheckpointException if another writer is at work
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

  /** Removes left-over files and returns one that another process is still writing, or null. */
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
   * Has a file removed when this process ends, once all has stopped that ends a run in good order;
   * to be said before the file is there.
   *
   * @throws InterruptedIOException if that is over, and nothing more should begin
   */
  static void removeAtExit(Path file) throws InterruptedIOException {
    try {
      file.toFile().deleteOnExit();
    } catch (IllegalStateException e) {
      throw new InterruptedIOException(file + ": process expected to run, got it ending");
    }
  }

  /** Locks a file of this process; false if somebody took it for a left-over and removed it. */
  static boolean claim(Path file, FileChannel channel) {
    OPEN.add(file);
    try {
      @Nullable FileLock lock = channel.tryLock();
      if (lock != null && Files.exists(file)) {
        return true;
      }
    } catch (IOException e) {
      return true; // a file system without locks, where nobody can take it either
    }
    OPEN.remove(file);
    return false;
  }

  /** Removes a file of this process, if it was not moved. */
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

  /** What is done with a left-over while it can't become another's. */
  @FunctionalInterface
  interface Removal {
    void run() throws IOException;
  }

  /** Removes what hangs on a file that can be locked; true if somebody else has it locked. */
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
      // It is gone, or another user's, or has no locks: not ours to remove.
    }
    return false;
  }
}
