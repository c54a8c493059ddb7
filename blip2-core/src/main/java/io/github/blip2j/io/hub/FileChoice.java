package io.github.blip2j.io.hub;

import java.util.List;
import java.util.Locale;
import java.util.regex.Pattern;

/**
 * Selects the files of a model to download. In patterns, {@code *} matches any characters including
 * slashes, and {@code ?} matches one character.
 */
public final class FileChoice {
  private static final List<String> SETTINGS =
      List.of(
          "config.json",
          "generation_config.json",
          "*processor_config.json",
          "tokenizer*.json",
          "special_tokens_map.json",
          "added_tokens.json",
          "vocab.json",
          "vocab.txt",
          "merges.txt",
          "spiece.model",
          "tokenizer.model",
          "lavis.safetensors");

  /** Kinds of weights in order of precedence: the first kind that exists is used. */
  private static final List<List<String>> WEIGHTS =
      List.of(
          List.of("model.safetensors"),
          List.of("model.safetensors.index.json", "model-*-of-*.safetensors"),
          List.of("pytorch_model.bin"),
          List.of("pytorch_model.bin.index.json", "pytorch_model-*-of-*.bin"));

  private static final FileChoice STANDARD = new FileChoice(List.of(), List.of());

  private final List<String> included; // empty: the files that loading needs
  private final List<String> excluded;

  private FileChoice(List<String> included, List<String> excluded) {
    this.included = List.copyOf(included);
    this.excluded = List.copyOf(excluded);
  }

  /**
   * The files that loading needs: configuration, tokenizer and one kind of weights, safetensors if
   * available; nothing in subfolders.
   */
  public static FileChoice standard() {
    return STANDARD;
  }

  /** Files that match one of the patterns, instead of the standard files. */
  public FileChoice including(List<String> patterns) {
    return new FileChoice(patterns, excluded);
  }

  /** This choice without files that match one of the patterns. */
  public FileChoice excluding(List<String> patterns) {
    return new FileChoice(included, patterns);
  }

  /**
   * The chosen names, in their order.
   *
   * @throws HubException if none is chosen, or the choice leaves a model without weights
   */
  List<String> of(ModelId model, List<String> names) throws HubException {
    List<String> chosen = included.isEmpty() ? standard(model, names) : matching(included, names);
    List<String> rest = chosen.stream().filter(name -> !matches(excluded, name)).toList();
    if (rest.isEmpty()) {
      throw new HubException(
          String.format(
              Locale.ROOT,
              "%s: files expected that match %s, got none among %d; look at their names",
              model,
              included.isEmpty() ? "what a model needs" : String.join(", ", included),
              names.size()));
    }
    return rest;
  }

  private static List<String> standard(ModelId model, List<String> names) throws HubException {
    List<String> own = names.stream().filter(name -> !name.contains("/")).toList();
    List<String> weights =
        WEIGHTS.stream()
            .filter(kind -> own.contains(kind.get(0)))
            .findFirst()
            .orElseThrow(
                () ->
                    new HubException(
                        String.format(
                            Locale.ROOT,
                            "%s: weights expected in %s, got none of them among %d files;"
                                + " name files with --include",
                            model,
                            String.join(", ", WEIGHTS.stream().map(kind -> kind.get(0)).toList()),
                            names.size())));
    return own.stream().filter(name -> matches(SETTINGS, name) || matches(weights, name)).toList();
  }

  private static List<String> matching(List<String> patterns, List<String> names) {
    return names.stream().filter(name -> matches(patterns, name)).toList();
  }

  private static boolean matches(List<String> patterns, String name) {
    return patterns.stream().anyMatch(pattern -> regex(pattern).matcher(name).matches());
  }

  private static Pattern regex(String glob) {
    var regex = new StringBuilder();
    for (int i = 0; i < glob.length(); i++) {
      char c = glob.charAt(i);
      switch (c) {
        case '*' -> regex.append(".*");
        case '?' -> regex.append('.');
        default -> regex.append(Pattern.quote(String.valueOf(c)));
      }
    }
    return Pattern.compile(regex.toString());
  }
}
