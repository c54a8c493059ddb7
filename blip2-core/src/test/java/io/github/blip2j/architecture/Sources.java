package io.github.blip2j.architecture;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.regex.Pattern;
import java.util.stream.Stream;

/** The Java files of all modules that lie beside this one. */
final class Sources {
  private static final Path ROOT = Path.of("..");
  private static final String BASE = "io/github/blip2j/";

  private Sources() {}

  /** One file, by module and by path under the base package; of the module itself or a test. */
  record JavaFile(String module, String path, boolean isMain, List<String> lines) {
    /** Lines that match, as in {@code "blip2-core nn/Linear.java:12: text"}. */
    List<String> find(Pattern pattern) {
      List<String> found = new ArrayList<>();
      for (int i = 0; i < lines.size(); i++) {
        if (pattern.matcher(lines.get(i)).find()) {
          found.add(
              String.format(
                  Locale.ROOT, "%s %s:%d: %s", module, path, i + 1, lines.get(i).strip()));
        }
      }
      return found;
    }

    /** Whether it lies in this package or below it. */
    boolean isIn(String packagePath) {
      return path.startsWith(packagePath + "/");
    }
  }

  /**
   * Every file under {@code src/main/java} and {@code src/test/java} of every module.
   *
   * @throws AssertionError if there are none: a rule that nothing was held against must not pass
   */
  static List<JavaFile> all() {
    List<JavaFile> files = new ArrayList<>();
    try (Stream<Path> modules = Files.list(ROOT)) {
      for (Path module : modules.filter(Sources::isModule).sorted().toList()) {
        files.addAll(under(module, "src/main/java"));
        files.addAll(under(module, "src/test/java"));
      }
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
    if (files.isEmpty()) {
      throw new AssertionError("sources: Java files expected under " + ROOT + ", got none");
    }
    return files;
  }

  private static boolean isModule(Path folder) {
    return Files.isRegularFile(folder.resolve("pom.xml"));
  }

  private static List<JavaFile> under(Path module, String source) throws IOException {
    Path base = module.resolve(source).resolve(BASE);
    if (!Files.isDirectory(base)) {
      return List.of();
    }
    boolean isMain = source.contains("/main/");
    List<JavaFile> files = new ArrayList<>();
    try (Stream<Path> paths = Files.walk(base)) {
      for (Path path : paths.filter(p -> p.toString().endsWith(".java")).sorted().toList()) {
        String relative = base.relativize(path).toString().replace('\\', '/');
        files.add(new JavaFile(nameOf(module), relative, isMain, Files.readAllLines(path)));
      }
    }
    return files;
  }

  private static String nameOf(Path module) {
    Path name = module.getFileName();
    return name == null ? module.toString() : name.toString();
  }
}
