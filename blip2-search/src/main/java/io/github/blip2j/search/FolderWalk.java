package io.github.blip2j.search;

import io.github.blip2j.io.file.PathName;
import io.github.blip2j.search.store.IndexedFile;
import io.github.blip2j.vision.image.ImageFiles;
import java.io.File;
import java.io.IOException;
import java.nio.file.FileSystemLoopException;
import java.nio.file.FileVisitOption;
import java.nio.file.FileVisitResult;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.SimpleFileVisitor;
import java.nio.file.attribute.BasicFileAttributes;
import java.util.ArrayList;
import java.util.EnumSet;
import java.util.HashSet;
import java.util.List;
import java.util.NavigableMap;
import java.util.Set;
import java.util.TreeMap;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;

/**
 * Finds the images in a folder and the folders in it. Links are followed only if asked to, and then
 * each folder is entered once, whatever links lead to it. What cannot be read is reported and left
 * out.
 */
final class FolderWalk extends SimpleFileVisitor<Path> {
  private final Path root;
  private final Path except;
  private final boolean followLinks;
  private final Set<Object> entered = new HashSet<>();
  private final NavigableMap<String, IndexedFile> found = new TreeMap<>();
  private final List<String> unreadable = new ArrayList<>();
  private final List<String> closed = new ArrayList<>();

  private FolderWalk(Path root, Path except, boolean followLinks) {
    this.root = root;
    this.except = except;
    this.followLinks = followLinks;
  }

  /**
   * Walks.
   *
   * @param root a real path
   * @param except a folder that is left out, the index
   */
  static FolderWalk of(Path root, Path except, boolean followLinks) throws IOException {
    var walk = new FolderWalk(root, except, followLinks);
    Set<FileVisitOption> options =
        followLinks
            ? EnumSet.of(FileVisitOption.FOLLOW_LINKS)
            : EnumSet.noneOf(FileVisitOption.class);
    Files.walkFileTree(root, options, Integer.MAX_VALUE, walk);
    return walk;
  }

  /** The images by the texts of their paths. */
  NavigableMap<String, IndexedFile> found() {
    return found;
  }

  /** Messages about what could not be read. */
  List<String> unreadable() {
    return unreadable;
  }

  /** Whether a path, not found, lies where the walk could not look. */
  boolean isHidden(String path) {
    return closed.stream()
        .anyMatch(folder -> path.equals(folder) || path.startsWith(folder + File.separator));
  }

  @Override
  public FileVisitResult preVisitDirectory(Path folder, BasicFileAttributes attributes) {
    boolean hidden = !folder.equals(root) && ImageFiles.isHidden(folder);
    if (hidden || folder.equals(except)) {
      return FileVisitResult.SKIP_SUBTREE;
    }
    @Nullable Object key = attributes.fileKey();
    boolean first = !followLinks || key == null || entered.add(key);
    return first ? FileVisitResult.CONTINUE : FileVisitResult.SKIP_SUBTREE;
  }

  @Override
  public FileVisitResult visitFile(Path file, BasicFileAttributes attributes) {
    // Without following, a link is no regular file.
    if (attributes.isRegularFile() && ImageFiles.isNamedAsImage(file)) {
      String path = PathName.of(file);
      long modified = attributes.lastModifiedTime().to(TimeUnit.NANOSECONDS);
      found.put(path, IndexedFile.unplaced(path, attributes.size(), modified));
    }
    return FileVisitResult.CONTINUE;
  }

  @Override
  public FileVisitResult visitFileFailed(Path file, IOException why) {
    if (!(why instanceof FileSystemLoopException)) {
      report(file, why);
    }
    return FileVisitResult.CONTINUE;
  }

  @Override
  public FileVisitResult postVisitDirectory(Path folder, @Nullable IOException why) {
    if (why != null) {
      report(folder, why);
    }
    return FileVisitResult.CONTINUE;
  }

  private void report(Path path, IOException why) {
    String name = PathName.of(path);
    closed.add(name);
    unreadable.add(name + ": readable file or folder expected, got " + PhotoReader.fault(why));
  }
}
