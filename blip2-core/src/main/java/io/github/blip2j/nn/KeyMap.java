package io.github.blip2j.nn;

import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.function.Predicate;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * How a kind of checkpoint spells our parameter names.
 *
 * <p>A rule turns a prefix of ours into one of theirs, {@code *} standing for one path segment such
 * as a layer's number. The first rule that matches wins; without one the names agree. A slice rule
 * says that ours is one of several equal parts of theirs along the first axis, as the query is of a
 * fused {@code qkv}.
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

  private record Rule(Pattern ours, String theirs, int part, int parts) {}

  private final List<Rule> rules;
  private final List<Predicate<String>> ignored;
  private final Map<String, String> copies;

  private KeyMap(Builder builder) {
    this.rules = List.copyOf(builder.rules);
    this.ignored = List.copyOf(builder.ignored);
    this.copies = Map.copyOf(builder.copies);
  }

  /** Names that agree. */
  public static KeyMap identity() {
    return builder().build();
  }

  /** A map without rules, to add them. */
  public static Builder builder() {
    return new Builder();
  }

  /** What the checkpoint calls our {@code name}. */
  public Key toStored(String name) {
    for (Rule rule : rules) {
      Matcher matcher = rule.ours.matcher(name);
      if (matcher.lookingAt()) {
        String stored = rule.theirs;
        for (int i = 1; i <= matcher.groupCount(); i++) {
          stored = stored.replaceFirst("\\*", Matcher.quoteReplacement(matcher.group(i)));
        }
        return new Key(stored + name.substring(matcher.end()), rule.part, rule.parts);
      }
    }
    return new Key(name, 0, 1);
  }

  /** Whether a stored tensor that nobody asks for is no reason for doubt. */
  public boolean ignores(String storedName) {
    return ignored.stream().anyMatch(rule -> rule.test(storedName));
  }

  /** The stored tensors that may be left unread where they equal others, and those others. */
  Map<String, String> copies() {
    return copies;
  }

  /** Collects rules in order. */
  public static final class Builder {
    private final List<Rule> rules = new ArrayList<>();
    private final List<Predicate<String>> ignored = new ArrayList<>();
    private final Map<String, String> copies = new HashMap<>();

    private Builder() {}

    /** Our prefix is spelled {@code theirs}. */
    public Builder rename(String ours, String theirs) {
      return slice(ours, theirs, 0, 1);
    }

    /** Our prefix is part {@code part} of {@code parts} of the tensors under {@code theirs}. */
    public Builder slice(String ours, String theirs, int part, int parts) {
      String regex = pattern(ours, "([^.]+)") + "(?=\\.|$)";
      rules.add(new Rule(Pattern.compile(regex), theirs, part, parts));
      return this;
    }

    /** Stored tensors of this name, {@code *} standing for anything, may be left unread. */
    public Builder ignore(String theirs) {
      ignored.add(Pattern.compile(pattern(theirs, ".*")).asMatchPredicate());
      return this;
    }

    /**
     * Stored tensors under {@code theirs}, in which {@code *} stands for a layer's number, may be
     * left unread from layer {@code first} on: a model may be built with fewer than are stored.
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

    /**
     * The stored tensor {@code theirs} may be left unread if it equals {@code original} byte for
     * byte, as tied weights do that a file holds twice.
     */
    public Builder copy(String theirs, String original) {
      copies.put(theirs, original);
      return this;
    }

    /** The map. */
    public KeyMap build() {
      return new KeyMap(this);
    }

    private static String pattern(String text, String star) {
      return ("\\Q" + text + "\\E").replace("*", "\\E" + star + "\\Q");
    }
  }
}
