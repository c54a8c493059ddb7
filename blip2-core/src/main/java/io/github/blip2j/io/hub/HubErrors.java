package io.github.blip2j.io.hub;

import java.util.Locale;
import org.jspecify.annotations.Nullable;

/** Messages for responses without the requested resource. */
final class HubErrors {
  private HubErrors() {}

  /** For a request about a model. */
  static HubException ofModel(ModelId model, HubEndpoint endpoint, HubResponse answer) {
    if (answer.status() != 404) {
      return of(model, endpoint, "list of files", answer);
    }
    // Some hubs do not state what is missing; the revision is suspected, unless it is a default.
    @Nullable String missing = answer.header("X-Error-Code");
    if ("RevisionNotFound".equals(missing)) {
      return new HubException(
          String.format(
              Locale.ROOT,
              "%s: revision %s expected at %s, got HTTP 404; look there for the revisions it has",
              model,
              model.revision(),
              page(model, endpoint)));
    }
    boolean named = "RepoNotFound".equals(missing) || model.revision().equals(ModelId.MAIN);
    return new HubException(
        String.format(
            Locale.ROOT,
            "%s: model expected at %s%s, got HTTP 404; check %s",
            model,
            page(model, endpoint),
            named ? "" : " with revision " + model.revision(),
            named ? "its name" : "its name and the revision"));
  }

  /** For a request about one file. */
  static HubException ofFile(ModelId model, HubEndpoint endpoint, String file, HubResponse answer) {
    if (answer.status() == 404) {
      return new HubException(
          String.format(
              Locale.ROOT,
              "%s: file %s expected at %s, got HTTP 404; run it again",
              model,
              file,
              page(model, endpoint)));
    }
    return of(model, endpoint, "file " + file, answer);
  }

  private static HubException of(
      ModelId model, HubEndpoint endpoint, String wanted, HubResponse answer) {
    int status = answer.status();
    if (status == 401 || status == 403) {
      return new HubException(
          String.format(
              Locale.ROOT,
              "%s: right to read expected, got HTTP %d; check the name, set HF_TOKEN,"
                  + " and accept the licence at %s",
              model,
              status,
              page(model, endpoint)));
    }
    return new HubException(
        String.format(
            Locale.ROOT,
            "%s: %s expected from %s, got HTTP %d; check HF_ENDPOINT",
            model,
            wanted,
            endpoint,
            status));
  }

  private static String page(ModelId model, HubEndpoint endpoint) {
    return endpoint + "/" + model.name();
  }
}
