package io.github.blip2j.server.models;

import io.github.blip2j.blip2.Blip2;
import io.github.blip2j.blip2.ImageTextMatcher;
import io.github.blip2j.blip2.checkpoint.LoadOptions;
import java.io.IOException;
import java.nio.file.Path;
import java.util.Locale;
import org.jspecify.annotations.Nullable;

/** A loaded model, of either kind. */
public final class ServedModel implements AutoCloseable {
  private final ModelSource source;
  private final @Nullable Blip2 blip2;
  private final @Nullable ImageTextMatcher matcher;

  private ServedModel(
      ModelSource source, @Nullable Blip2 blip2, @Nullable ImageTextMatcher matcher) {
    this.source = source;
    this.blip2 = blip2;
    this.matcher = matcher;
  }

  static ServedModel load(ModelSource source, LoadOptions options) throws IOException {
    Path path = source.path();
    if (source.kind() == ModelKind.GENERATE) {
      Blip2 blip2 = path == null ? Blip2.bundled(options) : Blip2.load(path, options);
      return new ServedModel(source, blip2, null);
    }
    ImageTextMatcher matcher =
        path == null ? ImageTextMatcher.bundled(options) : ImageTextMatcher.load(path, options);
    return new ServedModel(source, null, matcher);
  }

  /** Where it was loaded from, and its name. */
  public ModelSource source() {
    return source;
  }

  /** The model, if it generates text. */
  public Blip2 blip2() {
    if (blip2 == null) {
      throw wrongKind("generates text", "matches");
    }
    return blip2;
  }

  /** The model, if it matches images with texts. */
  public ImageTextMatcher matcher() {
    if (matcher == null) {
      throw wrongKind("matches", "generates text");
    }
    return matcher;
  }

  private IllegalArgumentException wrongKind(String expected, String got) {
    return new IllegalArgumentException(
        String.format(
            Locale.ROOT,
            "model: one expected that %s, got %s, which %s",
            expected,
            source.name(),
            got));
  }

  @Override
  public void close() {
    if (blip2 != null) {
      blip2.close();
    }
    if (matcher != null) {
      matcher.close();
    }
  }
}
