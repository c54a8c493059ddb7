package io.github.blip2j.io.hub;

import java.util.Locale;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/**
 * The id of a model on a hub.
 *
 * @param name owner and name, as in {@code org/name}
 * @param revision a branch, a tag or a commit
 */
record ModelId(String name, String revision) {
  static final String MAIN = "main";
  private static final int LONGEST = 96;
  private static final String WORD = "[A-Za-z0-9_](?:[A-Za-z0-9._-]*[A-Za-z0-9_])?";
  private static final Pattern NAME = Pattern.compile(WORD + "/" + WORD);

  /**
   * Reads {@code org/name} or {@code org/name@revision}.
   *
   * @throws IllegalArgumentException if it is neither
   */
  static ModelId parse(String text) {
    @Nullable ModelId id = parseOrNull(text);
    if (id == null) {
      throw new IllegalArgumentException(
          String.format(
              Locale.ROOT,
              "model id expected as in org/name or org/name@revision, got '%s'",
              text));
    }
    return id;
  }

  /** Parses an id, or returns null if it is not one. */
  static @Nullable ModelId parseOrNull(String text) {
    int at = text.indexOf('@');
    String name = at < 0 ? text : text.substring(0, at);
    String revision = at < 0 ? MAIN : text.substring(at + 1);
    // Two hyphens stand for the slash in the cache's folder names.
    boolean named =
        NAME.matcher(name).matches()
            && name.length() <= LONGEST
            && !name.contains("--")
            && !name.contains("..");
    return named && PlainNames.isPath(revision) ? new ModelId(name, revision) : null;
  }

  /** The name of the model's folder in a cache. */
  String folderName() {
    return "models--" + name.replace("/", "--");
  }

  /** The id in the form that users type. */
  @Override
  public String toString() {
    return revision.equals(MAIN) ? name : name + "@" + revision;
  }
}
