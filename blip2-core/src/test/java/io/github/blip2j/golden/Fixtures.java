package io.github.blip2j.golden;

import io.github.blip2j.io.file.ConfigJson;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.function.Predicate;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;

/**
 * Where golden folders are: the module's own under {@code src/test/resources/golden}, those of the
 * modules beside it, and every subfolder of {@code -Dblip2.fixtures=DIR}. A folder counts if it
 * holds an {@code expected.json}. {@code tools/golden/README.md} lists them.
 */
public final class Fixtures {
  private static final Path OWN = Path.of("src", "test", "resources", "golden");

  private static final Pattern NUMBER = Pattern.compile("0*(\\d+)");

  private static final String GENERATING = "Blip2ForConditionalGeneration";

  private Fixtures() {}

  /** A folder of this name: the module's own, or that of a module beside it. */
  public static Path own(String name) {
    return roots().stream()
        .map(root -> root.resolve(name))
        .filter(Files::exists)
        .findFirst()
        .orElse(OWN.resolve(name));
  }

  /** Where folders are kept, the module's own first. */
  private static List<Path> roots() {
    try (Stream<Path> modules = Files.list(Path.of(".."))) {
      Stream<Path> beside =
          modules
              .filter(module -> String.valueOf(module.getFileName()).startsWith("blip2-"))
              .sorted()
              .map(module -> module.resolve(OWN))
              .filter(Files::isDirectory);
      return Stream.concat(Stream.of(OWN), beside).toList();
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  /**
   * Folders of a kind.
   *
   * @throws AssertionError if there is none: a parity test that compares nothing must not pass
   */
  public static List<Path> folders(String kind, Predicate<Path> isOfKind) {
    Map<String, Path> named = new LinkedHashMap<>();
    for (Path root : roots()) {
      subfolders(root)
          .forEach(folder -> named.putIfAbsent(String.valueOf(folder.getFileName()), folder));
    }
    List<Path> folders = new ArrayList<>(named.values());
    String elsewhere = System.getProperty("blip2.fixtures", "");
    if (!elsewhere.isBlank()) {
      Path root = Path.of(elsewhere);
      if (!Files.isDirectory(root)) {
        throw new AssertionError("blip2.fixtures: expected a folder, got " + elsewhere);
      }
      folders.addAll(subfolders(root));
    }
    folders.removeIf(folder -> !isOfKind.test(folder));
    if (folders.isEmpty()) {
      throw new AssertionError(kind + ": golden folders expected, got none");
    }
    return folders;
  }

  /** Whether this is a Hugging Face BLIP-2 with a language model of this type. */
  public static boolean isHuggingFaceBlip2(Path folder, String textType) {
    Path config = folder.resolve("config.json");
    if (!Files.exists(config)) {
      return false;
    }
    try {
      ConfigJson json = ConfigJson.read(config);
      return json.stringAt("model_type", "").equals("blip-2")
          && json.stringsAt("architectures").stream().allMatch(GENERATING::equals)
          && json.hasChild("text_config")
          && json.child("text_config").stringAt("model_type", "opt").equals(textType);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  /** Whether this is a Hugging Face InstructBLIP with T5. */
  public static boolean isHuggingFaceInstructBlip(Path folder) {
    Path config = folder.resolve("config.json");
    if (!Files.exists(config)) {
      return false;
    }
    try {
      ConfigJson json = ConfigJson.read(config);
      return json.stringAt("model_type", "").equals("instructblip")
          && json.hasChild("text_config")
          && json.child("text_config").stringAt("model_type", "opt").equals("t5");
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  /** Whether this is a Hugging Face model with a language model of LLaMA's kind. */
  public static boolean hasLlama(Path folder) {
    Path config = folder.resolve("config.json");
    if (!Files.exists(config)) {
      return false;
    }
    try {
      ConfigJson json = ConfigJson.read(config);
      return json.hasChild("text_config")
          && Set.of("llama", "mistral", "qwen2")
              .contains(json.child("text_config").stringAt("model_type", ""));
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  /** The files of a folder's {@code images}, in the order of the numbers in their names. */
  public static List<Path> images(Path folder) throws IOException {
    try (Stream<Path> files = Files.list(folder.resolve("images"))) {
      return files
          .sorted(Comparator.comparing(Fixtures::sortKey).thenComparing(file -> file))
          .toList();
    }
  }

  /** The name, each number without zeros before it and behind how many digits that leaves. */
  private static String sortKey(Path file) {
    return NUMBER
        .matcher(file.getFileName().toString())
        .replaceAll(
            number -> Matcher.quoteReplacement((char) number.group(1).length() + number.group(1)));
  }

  private static List<Path> subfolders(Path root) {
    if (!Files.isDirectory(root)) {
      return List.of();
    }
    try (Stream<Path> children = Files.list(root)) {
      return children
          .filter(folder -> Files.exists(folder.resolve("expected.json")))
          .sorted()
          .toList();
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }
}
