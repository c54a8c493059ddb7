package io.github.blip2j.io.hub;

import java.io.IOException;
import java.util.Locale;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/**
 * A file on a hub.
 *
 * @param name its path within the model
 * @param etag the id of its content, which is a checksum if it has 40 or 64 hex digits
 * @param size its bytes, or -1 if the hub doesn't state them
 */
record RemoteFile(String name, String etag, long size) {
  private static final Pattern WEAK = Pattern.compile("^(?:W/)?\"?|\"$");

  /**
   * Requests the file's metadata from the hub.
   *
   * @throws HubException if the hub has no such file, or the response is invalid
   */
  static RemoteFile read(ModelId model, RemoteModel remote, String name, HubClient client)
      throws IOException {
    try (HubResponse answer = client.head(remote.path(model, name))) {
      @Nullable String linked = answer.header("X-Linked-Etag");
      if (answer.status() != 200 && linked == null) {
        throw HubErrors.ofFile(model, client.endpoint(), name, answer);
      }
      requireCommit(model, remote, name, answer);
      long size = answer.size("X-Linked-Size");
      if (size < 0 && answer.status() == 200) { // a redirect's length is that of the redirect
        size = answer.size("Content-Length");
      }
      return new RemoteFile(name, etag(model, name, linked, answer), size);
    }
  }

  private static String etag(
      ModelId model, String name, @Nullable String linked, HubResponse answer) throws HubException {
    @Nullable String quoted = linked != null ? linked : answer.header("ETag");
    String etag = quoted == null ? "" : WEAK.matcher(quoted).replaceAll("");
    if (!PlainNames.isOne(etag)) {
      throw new HubException(
          String.format(
              Locale.ROOT,
              "%s: %s expected with an ETag, got %s; check HF_ENDPOINT",
              model,
              name,
              quoted == null ? "none" : quoted));
    }
    return etag;
  }

  private static void requireCommit(
      ModelId model, RemoteModel remote, String name, HubResponse answer) throws HubException {
    @Nullable String commit = answer.header("X-Repo-Commit");
    if (commit != null && !commit.equals(remote.commit())) {
      throw new HubException(
          String.format(
              Locale.ROOT,
              "%s: %s expected of commit %s, got it of %s; run it again",
              model,
              name,
              remote.commit(),
              commit));
    }
  }
}
