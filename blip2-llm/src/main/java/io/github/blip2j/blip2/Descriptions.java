package io.github.blip2j.blip2;

import io.github.blip2j.io.OutputFile;
import io.github.blip2j.io.TemporaryFolder;
import java.io.IOException;
import java.nio.channels.FileChannel;
import java.nio.file.AccessDeniedException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.stream.Stream;

/**
 * What a model's folder says of its weights: made ready in a hidden folder within it, and put in
 * place together with new weights.
 *
 * <p>No file system changes several files at once. So where the files differ from those that are
 * there, the one without which nobody reads the folder is removed first and comes back last: a
 * process that is killed in between leaves a folder that is refused, never weights of one model
 * under the sizes of another. Where they are as before, the weights alone change, in one step.
 */
final class Descriptions implements AutoCloseable {
  static final String CONFIG = "config.json";
  private static final String PREFIX = ".described";

  private final Path folder;
  private final TemporaryFolder ready;
  private final Runnable afterEachStep;
  private final Path config; // with links followed while there is something to find

  private Descriptions(Path folder, TemporaryFolder ready, Runnable afterEachStep)
      throws IOException {
    this.folder = folder;
    this.config = placeOf(folder.resolve(CONFIG));
    this.ready = ready;
    this.afterEachStep = afterEachStep;
  }

  /** Of a folder that exists. */
  static Descriptions of(Path folder) throws IOException {
    return of(folder, () -> {});
  }

  /** The same; tests look at the folder after each step. */
  static Descriptions of(Path folder, Runnable afterEachStep) throws IOException {
    // The next writer's to remove are those of a process that is told to end: they are small.
    return new Descriptions(
        folder, TemporaryFolder.create(folder, PREFIX, List.of()), afterEachStep);
  }

  /** Where the files are to be written. */
  Path path() {
    return ready.path();
  }

  /**
   * Begins a change of weights that other files beside them belong to: from here on, and until
   * {@link #end}, the folder has no {@value #CONFIG}. Nothing happens if all else stays as it is.
   *
   * @param others whether more than the weights and these files changes
   */
  void begin(boolean others) throws IOException {
    boolean described = Files.exists(ready.path().resolve(CONFIG));
    if (described && (others || !changed().isEmpty())) {
      remove(config);
    }
  }

  private static Path placeOf(Path file) throws IOException {
    return Files.exists(file) ? file.toRealPath() : file;
  }

  /** Puts the files in place whose bytes are others, {@value #CONFIG} last. */
  void end() throws IOException {
    for (Path name : changed()) {
      boolean isConfig = name.toString().equals(CONFIG);
      Path target = isConfig ? config : folder.resolve(name.toString());
      Path parent = target.getParent();
      if (parent != null) {
        OutputFile.makeFolder(parent);
      }
      OutputFile.write(target, Files.readAllBytes(ready.path().resolve(name.toString())));
      afterEachStep.run();
    }
  }

  /**
   * Puts the files in place before weights that are one file: the old ones are removed first if any
   * file changes.
   */
  void replaceBefore(Path weights) throws IOException {
    if (!changed().isEmpty()) {
      remove(placeOf(weights));
      end();
    }
  }

  private void remove(Path file) throws IOException {
    if (Files.deleteIfExists(file)) {
      try (FileChannel names = FileChannel.open(file.resolveSibling(""), StandardOpenOption.READ)) {
        names.force(true); // before anything else changes on the disk
      } catch (AccessDeniedException e) {
        // Windows opens no folder, and keeps names by itself.
      }
      afterEachStep.run();
    }
  }

  /** Within the folder, the files that are not there alike. */
  private List<Path> changed() throws IOException {
    List<Path> all;
    try (Stream<Path> files = Files.walk(ready.path())) {
      all = files.filter(Files::isRegularFile).filter(file -> !isHidden(file)).toList();
    }
    List<Path> changed = new ArrayList<>();
    for (Path file : all) {
      Path name = ready.path().relativize(file);
      Path there = folder.resolve(name.toString());
      boolean same = Files.isRegularFile(there) && Files.mismatch(file, there) < 0;
      if (!same) {
        changed.add(name);
      }
    }
    changed.sort(
        Comparator.comparing((Path name) -> name.toString().equals(CONFIG))
            .thenComparing(Path::toString));
    return changed;
  }

  private static boolean isHidden(Path file) {
    return String.valueOf(file.getFileName()).startsWith("."); // the lock
  }

  @Override
  public void close() throws IOException {
    ready.close();
  }
}
