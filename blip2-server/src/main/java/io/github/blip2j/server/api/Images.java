package io.github.blip2j.server.api;

import io.github.blip2j.server.work.Picture;
import java.util.Set;
import java.util.regex.Pattern;

/** The images that requests name: data URLs, and URLs of hosts that are allowed. */
public final class Images {
  private static final Pattern HTTP = Pattern.compile("https?://", Pattern.CASE_INSENSITIVE);

  private final ImageFetcher fetcher;
  private final long mostBytes;

  /**
   * Images.
   *
   * @param hosts from which they may be fetched
   * @param mostBytes of one image, as a file
   */
  public Images(Set<String> hosts, long mostBytes) {
    this.mostBytes = mostBytes;
    this.fetcher = new ImageFetcher(hosts);
  }

  /**
   * The image of a URL.
   *
   * @param path the name of the field
   */
  Picture picture(String path, String url) {
    if (DataUrl.is(url)) {
      return bounded(path, DataUrl.picture(path, url));
    }
    if (HTTP.matcher(url).lookingAt()) {
      return bounded(path, Picture.of(path, fetcher.fetch(path, url)));
    }
    throw ApiException.invalid(path, "a data URL with an image in base64 expected, got '%s'", url);
  }

  /** The image of a request to one of our own routes. */
  Picture required(Bodies.Asked asked) {
    Picture given = asked.picture();
    if (given == null) {
      return picture("image", asked.fields().string("image"));
    }
    if (asked.fields().has("image")) {
      throw ApiException.invalid("image", "one expected, got two");
    }
    return bounded("image", given);
  }

  private Picture bounded(String path, Picture picture) {
    if (picture.bytes() > mostBytes) {
      throw ApiException.invalid(
          path,
          "at most %d bytes expected, got %d; send a smaller picture",
          mostBytes,
          picture.bytes());
    }
    return picture;
  }
}
