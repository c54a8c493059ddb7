package io.github.blip2j.io.hub;

import io.github.blip2j.io.file.CheckpointException;
import io.github.blip2j.io.file.ConfigJson;
import java.io.IOException;
import java.net.URLEncoder;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;

/**
 * A revision of a model on a hub.
 *
 * @param commit its commit
 * @param files the names of its files
 */
record RemoteModel(String commit, List<String> files) {
  private static final int MOST_BYTES = 50_000_000; // of a list of names

  RemoteModel {
    files = List.copyOf(files);
  }

  /**
   * Requests the revision from the hub.
   *
   * @throws HubException if the hub has no such model, or the response is invalid
   */
  static RemoteModel read(ModelId model, HubClient client, Limits limits) throws IOException {
    String path =
        String.format(
            Locale.ROOT, "/api/models/%s/revision/%s", model.name(), encoded(model.revision()));
    try (HubResponse answer = client.get(path, 0)) {
      if (answer.status() != 200) {
        throw HubErrors.ofModel(model, client.endpoint(), answer);
      }
      return parse(String.valueOf(answer.uri()), answer.text(MOST_BYTES, limits.wholeAnswer()));
    }
  }

  /** The encoded path of a file at this commit. */
  String path(ModelId model, String file) {
    List<String> parts = new ArrayList<>();
    for (String part : file.split("/", -1)) {
      parts.add(encoded(part));
    }
    return String.format(
        Locale.ROOT, "/%s/resolve/%s/%s", model.name(), commit, String.join("/", parts));
  }

  private static RemoteModel parse(String where, String text) throws HubException {
    if (text.stripLeading().startsWith("<")) {
      throw new HubException(
          where
              + ": JSON expected, got HTML;"
              + " check HF_ENDPOINT and whether the network wants a login");
    }
    try {
      ConfigJson json = ConfigJson.parse(where, text);
      String commit = json.stringAt("sha");
      if (!PlainNames.isOne(commit)) {
        throw new CheckpointException(
            String.format(Locale.ROOT, "%s: sha expected a commit, got \"%s\"", where, commit));
      }
      List<String> files = new ArrayList<>();
      for (ConfigJson sibling : json.childrenAt("siblings")) {
        files.add(plain(where, sibling.stringAt("rfilename")));
      }
      return new RemoteModel(commit, files);
    } catch (CheckpointException e) {
      throw new HubException(e.getMessage() + "; check HF_ENDPOINT", e);
    }
  }

  private static String plain(String where, String file) throws CheckpointException {
    if (!PlainNames.isPath(file)) {
      throw new CheckpointException(
          String.format(
              Locale.ROOT,
              "%s: rfilename expected a path within the model, got \"%s\"",
              where,
              file));
    }
    return file;
  }

  private static String encoded(String part) {
    return URLEncoder.encode(part, StandardCharsets.UTF_8).replace("+", "%20");
  }
}
