package io.github.blip2j.langchain4j;

import dev.langchain4j.data.message.ImageContent;
import io.github.blip2j.vision.image.Image;
import io.github.blip2j.vision.image.ImageDecoder;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Base64;
import java.util.List;

/** Pictures and a small matcher for tests. */
final class Photos {
  static final Path MATCHER = Path.of("../blip2-llm/src/test/resources/golden/hf-itm");
  static final List<String> NAMES = List.of("a.png", "b.png", "c.png");

  private static final Path STAR =
      Path.of("../blip2-server/src/main/resources/io/github/blip2j/server/page/examples/1.png");

  private Photos() {}

  /** A red star, which the bundled model knows. */
  static Image star() {
    return image(STAR);
  }

  static ImageContent starContent() {
    return ImageContent.from(STAR, "image/png");
  }

  static Image image(String name) {
    return image(MATCHER.resolve("images").resolve(name));
  }

  private static Image image(Path file) {
    try {
      return new ImageDecoder().decode(file);
    } catch (IOException e) {
      throw new AssertionError(e);
    }
  }

  static ImageContent content(String name) {
    return ImageContent.from(MATCHER.resolve("images").resolve(name), "image/png");
  }

  static String dataUrl(String name) {
    try {
      byte[] bytes = Files.readAllBytes(MATCHER.resolve("images").resolve(name));
      return "data:image/png;base64," + Base64.getEncoder().encodeToString(bytes);
    } catch (IOException e) {
      throw new AssertionError(e);
    }
  }
}
