package io.github.blip2j.vision.image;

import java.io.IOException;
import java.nio.file.FileSystemLoopException;
import java.nio.file.FileVisitOption;
import java.nio.file.FileVisitResult;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.SimpleFileVisitor;
import java.nio.file.attribute.BasicFileAttributes;
import java.util.ArrayList;
import java.util.Collections;
import java.util.EnumSet;
import java.util.List;
import java.util.Locale;
import java.util.Set;

/** The images below a folder, recognised by their file name extensions. */
public final class ImageFiles {
  // AVIF and HEIC are not read; a folder with such files gives an error instead of skipping them.
  private static final Set<String> ENDINGS =
      Set.of(
          "jpg", "jpeg", "jpe", "jfif", "png", "gif", "bmp", "dib", "webp", "tif", "tiff", "avif",
          "heic");

  private ImageFiles() {}

  /**
   * All images in {@code folder} and the folders in it, sorted by path. Hidden files and folders,
   * whose names begin with a dot, are skipped; links are followed, but not in a circle.
   *
   * @return paths that begin with {@code folder}
   * @throws IOException if a folder can't be read
   */
  public static List<Path> in(Path folder) throws IOException {
    List<Path> found = new ArrayList<>();
    Files.walkFileTree(
        folder,
        EnumSet.of(FileVisitOption.FOLLOW_LINKS),
        Integer.MAX_VALUE,
        new SimpleFileVisitor<>() {
          @Override
          public FileVisitResult preVisitDirectory(Path inside, BasicFileAttributes attributes) {
            boolean skipped = !inside.equals(folder) && isHidden(inside);
            return skipped ? FileVisitResult.SKIP_SUBTREE : FileVisitResult.CONTINUE;
          }

          @Override
          public FileVisitResult visitFile(Path file, BasicFileAttributes attributes) {
            if (isImage(file)) {
              found.add(file);
            }
            return FileVisitResult.CONTINUE;
          }

          @Override
          public FileVisitResult visitFileFailed(Path file, IOException why) throws IOException {
            if (why instanceof FileSystemLoopException) {
              return FileVisitResult.CONTINUE;
            }
            throw why;
          }
        });
    Collections.sort(found);
    return found;
  }

  private static boolean isImage(Path file) {
    return isNamedAsImage(file) && Files.isRegularFile(file);
  }

  /** Whether a name has the extension of an image, and does not begin with a dot. */
  public static boolean isNamedAsImage(Path file) {
    String name = String.valueOf(file.getFileName()).toLowerCase(Locale.ROOT);
    String ending = name.substring(name.lastIndexOf('.') + 1);
    return ENDINGS.contains(ending) && !isHidden(file);
  }

  /** Whether a name begins with a dot. */
  public static boolean isHidden(Path file) {
    return String.valueOf(file.getFileName()).startsWith(".");
  }
}
