package io.github.blip2j.vision;

import com.google.gson.JsonElement;
import com.google.gson.JsonObject;
import com.google.gson.JsonParser;
import java.io.IOException;
import java.net.URISyntaxException;
import java.net.URL;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.stream.Stream;

/** Finds the folders of reference data: our own, and those that {@code blip2.fixtures} names. */
final class ImageFixtures {
  private ImageFixtures() {}

  /** A folder among our own test resources. */
  static Path own(String name) {
    URL url = ImageFixtures.class.getResource("/golden/" + name);
    try {
      return Path.of(Objects.requireNonNull(url, name).toURI());
    } catch (URISyntaxException e) {
      throw new AssertionError(e);
    }
  }

  /** All folders whose {@code expected.json} says it holds images. */
  static List<Path> imageFolders() throws IOException {
    List<Path> folders = new ArrayList<>();
    for (Path folder : allFolders()) {
      JsonElement kind = expectations(folder).get("kind");
      if (kind != null && kind.getAsString().equals("images")) {
        folders.add(folder);
      }
    }
    return folders;
  }

  /** All folders of models that state the pixel values of their images. */
  static List<Path> modelFolders() throws IOException {
    List<Path> folders = new ArrayList<>();
    for (Path folder : allFolders()) {
      Path tensors = folder.resolve("expected.safetensors");
      if (Files.exists(folder.resolve("preprocessor_config.json"))
          && Files.exists(tensors)
          && GoldenTensors.read(tensors).names().contains("pixel_values")) {
        folders.add(folder);
      }
    }
    return folders;
  }

  static JsonObject expectations(Path folder) throws IOException {
    String text = Files.readString(folder.resolve("expected.json"));
    return JsonParser.parseString(text).getAsJsonObject();
  }

  private static List<Path> allFolders() throws IOException {
    List<Path> folders = new ArrayList<>(subfolders(own("images").resolveSibling(".")));
    String more = System.getProperty("blip2.fixtures", "");
    if (!more.isEmpty()) {
      folders.addAll(subfolders(Path.of(more)));
    }
    return folders;
  }

  private static List<Path> subfolders(Path parent) throws IOException {
    try (Stream<Path> children = Files.list(parent.normalize())) {
      return children
          .filter(child -> Files.exists(child.resolve("expected.json")))
          .sorted()
          .toList();
    }
  }
}
