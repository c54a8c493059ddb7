package io.github.blip2j.text.tokenizer.config;

import com.google.gson.Strictness;
import com.google.gson.stream.JsonReader;
import com.google.gson.stream.JsonToken;
import com.google.gson.stream.MalformedJsonException;
import io.github.blip2j.io.file.CheckpointException;
import io.github.blip2j.text.tokenizer.unicode.Surrogates;
import java.io.EOFException;
import java.io.IOException;
import java.io.Reader;
import java.io.StringReader;
import java.nio.charset.CharacterCodingException;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * A {@code tokenizer.json}, read in one pass: vocabularies and merges, which are most of the file,
 * into their own structures, the rest into a small tree.
 */
public final class TokenizerJson {
  // The largest known vocabulary has about a million tokens.
  private static final int MOST_TOKENS = 4_000_000;
  private static final int MOST_VALUES = 1_000_000; // of the tree
  private static final String TOKENS = "model.vocab and added_tokens expected tokens with ids";

  public final Map<String, Integer> vocabulary = new HashMap<>();
  public final List<String> pieces = new ArrayList<>();
  public final List<Double> scores = new ArrayList<>();
  // Left and right part of every merge in turn; null if the file has none.
  @Nullable public List<String> merges;
  public final List<AddedToken> added = new ArrayList<>();
  private final Map<String, Object> parts = new HashMap<>();
  private final Set<String> named = new LinkedHashSet<>(); // parts, also those that are null
  private final Map<String, Object> model = new HashMap<>();

  private final String name;
  private final JsonReader json;
  private int values;

  private TokenizerJson(String name, JsonReader json) {
    this.name = name;
    this.json = json;
  }

  /**
   * Reads a file.
   *
   * @param name its name in messages
   * @throws CheckpointException if it isn't JSON or has no vocabulary
   */
  public static TokenizerJson read(Reader file, String name) throws IOException {
    var reader = new JsonReader(file);
    reader.setStrictness(Strictness.STRICT);
    var result = new TokenizerJson(name, reader);
    try {
      result.top();
    } catch (MalformedJsonException | EOFException e) {
      throw result.error("JSON expected, got malformed text; copy the file again", e);
    } catch (CharacterCodingException e) {
      throw result.error("text expected UTF-8, got other bytes", e);
    } catch (IllegalStateException | NumberFormatException e) { // a value of another type
      throw result.error(TOKENS, e);
    }
    if (result.vocabulary.isEmpty() && result.pieces.isEmpty()) {
      throw new CheckpointException(name + ": model.vocab is missing or empty");
    }
    return result;
  }

  /**
   * Takes parts from another object instead, and settings of the model.
   *
   * @param parts JSON, such as {@code {"normalizer": null}}
   */
  public void replace(String parts) throws IOException {
    var other = new TokenizerJson(name, new JsonReader(new StringReader(parts)));
    other.top();
    this.model.putAll(other.model);
    for (String key : other.named) {
      @Nullable Object part = other.parts.get(key);
      if (part == null) {
        this.parts.remove(key);
      } else {
        this.parts.put(key, part);
      }
    }
  }

  /** Drops all of the normalizer but its first precompiled table. */
  public void keepPrecompiledNormalizer() {
    @Nullable Object table = precompiled(parts.remove("normalizer"));
    if (table != null) {
      parts.put("normalizer", table);
    }
  }

  private static @Nullable Object precompiled(@Nullable Object normalizer) {
    if (!(normalizer instanceof Map<?, ?> settings)) {
      return null;
    }
    if (settings.get("normalizers") instanceof List<?> all) {
      return all.stream()
          .filter(each -> each instanceof Map<?, ?> one && "Precompiled".equals(one.get("type")))
          .findFirst()
          .orElse(null);
    }
    return "Precompiled".equals(settings.get("type")) ? normalizer : null;
  }

  /** The part under a key, such as {@code "normalizer"}. */
  @Nullable
  public Component part(String key) throws CheckpointException {
    return Component.of(name, key, parts.get(key));
  }

  /** The model's settings, without its vocabulary. */
  public Component model() throws CheckpointException {
    @Nullable Component component = Component.of(name, "model", model);
    if (component == null) {
      throw new AssertionError("the model's settings are a map");
    }
    return component;
  }

  private void top() throws IOException {
    json.beginObject();
    while (json.hasNext()) {
      String key = json.nextName();
      switch (key) {
        case "model" -> readModel();
        case "added_tokens" -> readAdded();
        case "normalizer", "pre_tokenizer", "post_processor", "decoder" -> {
          named.add(key);
          put(parts, key);
        }
        default -> json.skipValue(); // callers choose truncation and padding
      }
    }
    json.endObject();
    if (json.peek() != JsonToken.END_DOCUMENT) {
      throw new MalformedJsonException("more after the object");
    }
  }

  private void readModel() throws IOException {
    json.beginObject();
    while (json.hasNext()) {
      String key = json.nextName();
      switch (key) {
        case "vocab" -> readVocabulary();
        case "merges" -> readMerges();
        default -> put(model, key);
      }
    }
    json.endObject();
  }

  private void readVocabulary() throws IOException {
    if (json.peek() == JsonToken.BEGIN_OBJECT) {
      json.beginObject();
      while (json.hasNext()) {
        String token = wellFormed(json.nextName());
        vocabulary.put(token, id());
        requireAtMost(MOST_TOKENS, vocabulary.size(), "tokens");
      }
      json.endObject();
    } else { // Unigram: [piece, score], the index is the id
      json.beginArray();
      while (json.hasNext()) {
        json.beginArray();
        pieces.add(string());
        scores.add(json.nextDouble());
        json.endArray();
        requireAtMost(MOST_TOKENS, pieces.size(), "tokens");
      }
      json.endArray();
    }
  }

  private void readMerges() throws IOException {
    List<String> pairs = new ArrayList<>();
    merges = pairs;
    if (json.peek() != JsonToken.BEGIN_ARRAY) {
      throw new CheckpointException(name + ": model.merges expected a list");
    }
    json.beginArray();
    while (json.hasNext()) {
      if (json.peek() == JsonToken.BEGIN_ARRAY) {
        json.beginArray();
        pairs.add(string());
        pairs.add(string());
        json.endArray();
      } else {
        String pair = string();
        int space = pair.indexOf(' ');
        if (space < 0 || pair.indexOf(' ', space + 1) >= 0) {
          throw new CheckpointException(
              String.format(
                  Locale.ROOT,
                  "%s: model.merges[%d] expected two tokens around a space, got \"%s\"",
                  name,
                  pairs.size() / 2,
                  pair));
        }
        pairs.add(pair.substring(0, space));
        pairs.add(pair.substring(space + 1));
      }
      requireAtMost(MOST_TOKENS, pairs.size(), "sides of merges");
    }
    json.endArray();
  }

  private void readAdded() throws IOException {
    json.beginArray();
    while (json.hasNext()) {
      Map<String, Object> token = new HashMap<>();
      int id = -1;
      json.beginObject();
      while (json.hasNext()) {
        String key = json.nextName();
        if (key.equals("id")) {
          id = id();
        } else {
          put(token, key);
        }
      }
      json.endObject();
      String content = token.get("content") instanceof String text ? text : "";
      if (id < 0) {
        throw new CheckpointException(
            String.format(Locale.ROOT, "%s: added token \"%s\" has no id", name, content));
      }
      added.add(
          new AddedToken(
              content,
              flag(token, "single_word"),
              flag(token, "lstrip"),
              flag(token, "rstrip"),
              flag(token, "normalized"),
              flag(token, "special")));
    }
    json.endArray();
  }

  private boolean flag(Map<String, Object> token, String key) throws CheckpointException {
    Object value = token.get(key);
    if (value == null || value instanceof Boolean) {
      return Boolean.TRUE.equals(value);
    }
    throw new CheckpointException(
        String.format(
            Locale.ROOT, "%s: added_tokens: %s expected true or false, got %s", name, key, value));
  }

  private int id() throws IOException {
    if (json.peek() != JsonToken.NUMBER) {
      throw new IllegalStateException("id expected");
    }
    int id = Integer.parseInt(json.nextString());
    if (id < 0) {
      throw new CheckpointException(name + ": token ids expected 0 or more, got " + id);
    }
    return id;
  }

  private String string() throws IOException {
    if (json.peek() != JsonToken.STRING) {
      throw new IllegalStateException("string expected");
    }
    return wellFormed(json.nextString());
  }

  private String wellFormed(String text) throws CheckpointException {
    int at = Surrogates.unpaired(text);
    if (at >= 0) {
      throw new CheckpointException(
          String.format(
              Locale.ROOT,
              "%s: text expected, got half a surrogate pair at %d of a string",
              name,
              at));
    }
    return text;
  }

  private void put(Map<String, Object> map, String key) throws IOException {
    @Nullable Object value = value();
    if (value != null) {
      map.put(key, value);
    } else {
      map.remove(key);
    }
  }

  /** The tree of a value; the reader rejects more than 255 levels. */
  private @Nullable Object value() throws IOException {
    requireAtMost(MOST_VALUES, ++values, "values beside its vocabulary");
    switch (json.peek()) {
      case BEGIN_OBJECT -> {
        Map<String, Object> map = new LinkedHashMap<>();
        json.beginObject();
        while (json.hasNext()) {
          put(map, wellFormed(json.nextName()));
        }
        json.endObject();
        return map;
      }
      case BEGIN_ARRAY -> {
        List<Object> list = new ArrayList<>(2);
        json.beginArray();
        while (json.hasNext()) {
          @Nullable Object value = value();
          if (value == null) {
            throw new CheckpointException(name + ": lists expected without null");
          }
          list.add(value);
        }
        json.endArray();
        return list;
      }
      case STRING -> {
        return string();
      }
      case NUMBER -> {
        return json.nextDouble();
      }
      case BOOLEAN -> {
        return json.nextBoolean();
      }
      case NULL -> {
        json.nextNull();
        return null;
      }
      default -> throw new MalformedJsonException("value expected");
    }
  }

  private void requireAtMost(int most, int count, String what) throws CheckpointException {
    if (count > most) {
      throw new CheckpointException(
          String.format(Locale.ROOT, "%s: at most %d %s expected, got more", name, most, what));
    }
  }

  private CheckpointException error(String what, Exception cause) {
    var exception = new CheckpointException(name + ": " + what);
    exception.initCause(cause);
    return exception;
  }
}
