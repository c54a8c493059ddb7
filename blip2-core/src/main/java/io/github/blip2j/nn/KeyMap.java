package io.github.blip2j.nn;

import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.function.Predicate;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * The mapping from this library's parameter names to those of a kind of checkpoint.
 *
 * <p>A rule replaces a prefix of a parameter name by one of the checkpoint, {@code *} standing for
 * one path segment such as a layer's number. The first rule that matches wins; without one the
 * names are equal. A slice rule maps a parameter to one of several equal parts of a stored tensor
 * along the first axis, such as the query of a fused {@code qkv}. A rule of several names maps a
 * parameter to whichever of them is stored, as for tied weights, of which a checkpoint may store
 * either.
 *
 * <pre>{@code
 * KeyMap.builder()
 *     .rename("vision.layers.*.mlp.up", "vision_model.encoder.layers.*.mlp.fc1")
 *     .slice("vision.layers.*.attention.key", "vision_model.encoder.layers.*.self_attn.qkv", 1, 3)
 *     .build();
 * }</pre>
 */
public final class KeyMap {
  /** A stored tensor, or part {@code part} of {@code parts} of it along the first axis. */
  public record Key(String name, int part, int parts) {}

  private record Rule(Pattern ours, List<String> theirs, int part, int parts) {
    Key key(Matcher matcher, String theirPrefix, String name) {
      String stored = theirPrefix;
      for (int i = 1; i <= matcher.groupCount(); i++) {
        stored = stored.replaceFirst("\\*", Matcher.quoteReplacement(matcher.group(i)));
      }
      String rest = name.substring(matcher.end());
      boolean prefixOnly = stored.isEmpty() && rest.startsWith(".");
      return new Key(stored + (prefixOnly ? rest.substring(1) : rest), part, parts);
    }
  }

  private final List<Rule> rules;
  private final List<Predicate<String>> ignored;

  private KeyMap(Builder builder) {
    this.rules = List.copyOf(builder.rules);
    this.ignored = List.copyOf(builder.ignored);
  }

  /** The identity map. */
  public static KeyMap identity() {
    return builder().build();
  }

  /**
   * Checks prefixes of names, which end with a dot or are empty.
   *
   * @throws IllegalArgumentException if one of them lacks its dot
   */
  public static void requireDots(String ours, String theirs) {
    for (String prefix : List.of(ours, theirs)) {
      if (!prefix.isEmpty() && !prefix.endsWith(".")) {
        throw new IllegalArgumentException(
            String.format(
                Locale.ROOT,
                "names: prefix expected to end with a dot, or empty, got %s; pass %s.",
                prefix,
                prefix));
      }
    }
  }

  /** A map without rules, to add them. */
  public static Builder builder() {
    return new Builder();
  }

  /** The stored name of parameter {@code name}: the first of several. */
  public Key toStored(String name) {
    return candidates(name).get(0);
  }

  /** All possible stored names of parameter {@code name}, the likeliest first. */
  public List<Key> candidates(String name) {
    for (Rule rule : rules) {
      Matcher matcher = rule.ours.matcher(name);
      if (matcher.lookingAt()) {
        return rule.theirs.stream().map(theirs -> rule.key(matcher, theirs, name)).toList();
      }
    }
    return List.of(new Key(name, 0, 1));
  }

  /** Whether a stored tensor may stay unused. */
  public boolean ignores(String storedName) {
    return ignored.stream().anyMatch(rule -> rule.test(storedName));
  }

  /** Collects rules in order. */
  public static final class Builder {
    private final List<Rule> rules = new ArrayList<>();
    private final List<Predicate<String>> ignored = new ArrayList<>();

    private Builder() {}

    /**
     * Maps prefix {@code ours} to {@code theirs}; if that is empty, the names lack the prefix.
     *
     * @throws IllegalArgumentException if {@code ours} is no path, such as one with two dots in a
     *     row, which no parameter has
     */
    public Builder rename(String ours, String theirs) {
      return slice(ours, theirs, 0, 1);
    }

    /**
     * Maps all names under a prefix to those under another; both end with a dot, or are empty.
     *
     * @throws IllegalArgumentException if one of them lacks its dot
     */
    public Builder renameAll(String ours, String theirs) {
      requireDots(ours, theirs);
      rules.add(new Rule(Pattern.compile(pattern(ours, "([^.]+)")), List.of(theirs), 0, 1));
      return this;
    }

    /**
     * Maps prefix {@code ours} to any of these names, of which the first that is stored is read. A
     * tensor under another of them may stay unused if it equals that one byte for byte, as tied
     * weights that a file holds more than once.
     */
    public Builder renameToAny(String ours, String... theirs) {
      rules.add(new Rule(prefix(ours), List.of(theirs), 0, 1));
      return this;
    }

    /**
     * Maps prefix {@code ours} to part {@code part} of {@code parts} of the tensors under {@code
     * theirs}.
     */
    public Builder slice(String ours, String theirs, int part, int parts) {
      rules.add(new Rule(prefix(ours), List.of(theirs), part, parts));
      return this;
    }

    /** Stored tensors of this name, {@code *} standing for anything, may stay unused. */
    public Builder ignore(String theirs) {
      ignored.add(Pattern.compile(pattern(theirs, ".*")).asMatchPredicate());
      return this;
    }

    /**
     * Stored tensors under {@code theirs}, in which {@code *} stands for a layer's number, may stay
     * unused from layer {@code first} on: a model may be built with fewer than are stored.
     */
    public Builder ignoreFrom(int first, String theirs) {
      Pattern layer = Pattern.compile(pattern(theirs, "(\\d{1,9})") + "\\..*");
      ignored.add(
          name -> {
            Matcher matcher = layer.matcher(name);
            return matcher.matches() && Integer.parseInt(matcher.group(1)) >= first;
          });
      return this;
    }

    /** The map. */
    public KeyMap build() {
      return new KeyMap(this);
    }

    private static Pattern prefix(String ours) {
      if (ours.isEmpty() || ours.startsWith(".") || ours.endsWith(".") || ours.contains("..")) {
        throw new IllegalArgumentException(
            String.format(
                Locale.ROOT,
                "names: path of segments with one dot between them expected, got '%s'; a prefix"
                    + " such as ours ends with its dot, and is empty for a model at the root",
                ours));
      }
      return Pattern.compile(pattern(ours, "([^.]+)") + "(?=\\.|$)");
    }

    private static String pattern(String text, String star) {
      return ("\\Q" + text + "\\E").replace("*", "\\E" + star + "\\Q");
    }
  }
}
