package io.github.blip2j.langchain4j;

import dev.langchain4j.data.message.ImageContent;
import io.github.blip2j.vision.image.Image;
import io.github.blip2j.vision.image.ImageDecoder;
import java.io.IOException;
import java.net.URI;
import java.util.Base64;
import java.util.Locale;
import org.jspecify.annotations.Nullable;

/**
 * Images of LangChain4j's messages. They have bytes in base64, or a data URL; nothing is fetched,
 * and no file is opened, because the URL may be a stranger's.
 */
final class Pictures {
  private static final String DATA = "data:";
  private static final String BASE64 = ";base64,";

  private Pictures() {}

  /** The image of a part of a message. */
  static Image of(ImageContent content) {
    dev.langchain4j.data.image.Image image = content.image();
    @Nullable String base64 = image.base64Data();
    @Nullable URI url = image.url();
    if (base64 != null) {
      return decoded(base64);
    }
    if (url != null && isDataUrl(url.toString())) {
      return ofDataUrl(url.toString());
    }
    throw new IllegalArgumentException(
        "image: its bytes in base64 or a data URL expected, got "
            + (url == null ? "neither" : "a URL of " + url.getScheme())
            + "; read a file by ImageContent.from(path, type)");
  }

  static boolean isDataUrl(String text) {
    return text.regionMatches(true, 0, DATA, 0, DATA.length());
  }

  /** The image of a URL as {@code data:image/png;base64,...}. */
  static Image ofDataUrl(String url) {
    int at = url.toLowerCase(Locale.ROOT).indexOf(BASE64);
    if (at < 0) {
      throw new IllegalArgumentException(
          "image: a data URL in base64 expected, got one without " + BASE64);
    }
    return decoded(url.substring(at + BASE64.length()));
  }

  private static Image decoded(String base64) {
    byte[] bytes;
    try {
      bytes = Base64.getMimeDecoder().decode(base64);
    } catch (IllegalArgumentException e) {
      throw new IllegalArgumentException("image: base64 expected, got " + e.getMessage(), e);
    }
    try {
      return new ImageDecoder().decode(bytes, "image");
    } catch (IOException e) {
      throw new IllegalArgumentException(e.getMessage(), e);
    }
  }
}
