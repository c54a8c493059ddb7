package io.github.blip2j.io.file;

import java.io.IOException;
import java.nio.channels.FileChannel;
import java.nio.file.DirectoryNotEmptyException;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.nio.file.attribute.UserPrincipal;
import java.util.Comparator;
import java.util.List;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/**
 * A folder for temporary files. It is removed when it is closed, or when the process ends in an
 * orderly way. A folder of a killed process is removed by the next process that makes one in the
 * same place. A locked file inside marks the folder as in use. Only its user can read it.
 */
public final class TemporaryFolder implements AutoCloseable {
  private static final String LOCK = ".lock";

  private final Path path;
  private final FileChannel lock;

  private TemporaryFolder(Path path, FileChannel lock) {
    this.path = path;
    this.lock = lock;
  }

  /**
   * Makes a folder, after removing those of killed processes.
   *
   * @param prefix the common prefix of the names of such folders
   * @param names the files that it will contain; they are removed if the process is told to end
   */
  public static TemporaryFolder create(Path parent, String prefix, List<String> names)
      throws IOException {
    while (true) {
      Path path = Files.createTempDirectory(parent, prefix);
      @Nullable TemporaryFolder folder = begin(path, names);
      if (folder != null) {
        removeOthers(parent, prefix, Files.getOwner(path));
        return folder;
      }
    }
  }

  /** The folder, or null if another process removed it as a leftover before it was locked. */
  private static @Nullable TemporaryFolder begin(Path path, List<String> names) throws IOException {
    Path file = path.resolve(LOCK);
    boolean begun = false;
    try {
      LeftOvers.removeAtExit(path); // deletion runs in reverse order of registration
      LeftOvers.removeAtExit(file);
      for (String name : names) {
        LeftOvers.removeAtExit(path.resolve(name));
      }
      FileChannel lock =
          FileChannel.open(file, StandardOpenOption.CREATE_NEW, StandardOpenOption.WRITE);
      begun = LeftOvers.claim(file, lock);
      if (begun) {
        return new TemporaryFolder(path, lock);
      }
      lock.close();
      return null;
    } catch (NoSuchFileException e) { // so early that its lock file did not exist
      return null;
    } finally {
      if (!begun) {
        Files.deleteIfExists(file);
        Files.deleteIfExists(path);
      }
    }
  }

  /** The folder's path. */
  public Path path() {
    return path;
  }

  @Override
  public void close() throws IOException {
    lock.close();
    LeftOvers.release(path.resolve(LOCK));
    removeAll(path);
  }

  private static void removeOthers(Path parent, String prefix, UserPrincipal owner)
      throws IOException {
    List<Path> folders;
    try (Stream<Path> files = Files.list(parent)) {
      folders = files.filter(file -> ReadableFile.nameOf(file).startsWith(prefix)).toList();
    }
    for (Path folder : folders) {
      if (isOf(owner, folder)) { // the path might lead elsewhere
        removeIfLeft(folder);
      }
    }
  }

  private static void removeIfLeft(Path folder) throws IOException {
    if (Files.exists(folder.resolve(LOCK))) {
      LeftOvers.isLocked(folder.resolve(LOCK), () -> removeAll(folder));
      return;
    }
    try {
      Files.deleteIfExists(folder); // only if it is empty
    } catch (DirectoryNotEmptyException e) {
      // Of a version that locked nothing: perhaps in use.
    }
  }

  private static boolean isOf(UserPrincipal owner, Path folder) {
    try {
      return Files.isDirectory(folder, LinkOption.NOFOLLOW_LINKS)
          && Files.getOwner(folder, LinkOption.NOFOLLOW_LINKS).equals(owner);
    } catch (IOException e) {
      return false; // removed by another
    }
  }

  private static void removeAll(Path folder) throws IOException {
    List<Path> all;
    try (Stream<Path> files = Files.walk(folder)) {
      all = files.sorted(Comparator.reverseOrder()).toList();
    }
    for (Path file : all) {
      Files.deleteIfExists(file);
    }
  }
}
