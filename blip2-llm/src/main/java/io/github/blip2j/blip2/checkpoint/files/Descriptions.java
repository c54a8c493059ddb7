package io.github.blip2j.blip2.checkpoint.files;

import io.github.blip2j.io.file.OutputFile;
import io.github.blip2j.io.file.TemporaryFolder;
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
 * The files that describe the weights in a model's folder. They are written to a hidden folder
 * within it, and moved into place together with new weights.
 *
 * <p>No file system changes several files at once. If the files differ from the existing ones,
 * {@value #CONFIG} is removed first and comes back last, because no loader accepts a folder without
 * it. A process that is killed in between leaves a folder that is refused, never weights of one
 * model beside the sizes of another. If the files are the same as before, only the weights change,
 * in one step.
 */
public final class Descriptions implements AutoCloseable {
  static final String CONFIG = "config.json";
  private static final String PREFIX = ".described";

  private final Path folder;
  private final TemporaryFolder ready;
  private final Runnable afterEachStep;
  private final Path config; // links are resolved while the file exists

  private Descriptions(Path folder, TemporaryFolder ready, Runnable afterEachStep)
      throws IOException {
    this.folder = folder;
    this.config = placeOf(folder.resolve(CONFIG));
    this.ready = ready;
    this.afterEachStep = afterEachStep;
  }

  /** Descriptions for a folder that exists. */
  public static Descriptions of(Path folder) throws IOException {
    return of(folder, () -> {});
  }

  /** Creates the descriptions with a hook after each step, for tests. */
  static Descriptions of(Path folder, Runnable afterEachStep) throws IOException {
    // After a kill, the next writer removes the files, which are small.
    return new Descriptions(
        folder, TemporaryFolder.create(folder, PREFIX, List.of()), afterEachStep);
  }

  /** The folder to which the files are written. */
  public Path path() {
    return ready.path();
  }

  /**
   * Begins a change of weights together with other files. From here until {@link #end} the folder
   * has no {@value #CONFIG}. If nothing but the weights changes, this does nothing.
   *
   * @param others whether files besides the weights and the descriptions change
   */
  public void begin(boolean others) throws IOException {
    boolean described = Files.exists(ready.path().resolve(CONFIG));
    if (described && (others || !changed().isEmpty())) {
      remove(config);
    }
  }

  private static Path placeOf(Path file) throws IOException {
    return Files.exists(file) ? file.toRealPath() : file;
  }

  /** Moves the files that differ into place, {@value #CONFIG} last. */
  public void end() throws IOException {
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
   * Moves the files into place before weights that are one file. If any file changes, the old
   * weights are removed first.
   */
  public void replaceBefore(Path weights) throws IOException {
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
        // Windows opens no folder, and stores names by itself.
      }
      afterEachStep.run();
    }
  }

  /** Names of the files that differ from those in the folder. */
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
