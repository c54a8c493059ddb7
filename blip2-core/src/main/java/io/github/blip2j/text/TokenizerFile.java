package io.github.blip2j.text;

import com.google.gson.stream.JsonReader;
import com.google.gson.stream.JsonToken;
import com.google.gson.stream.MalformedJsonException;
import io.github.blip2j.io.CheckpointException;
import java.io.EOFException;
import java.io.IOException;
import java.io.StringReader;
import java.util.HashMap;
import java.util.Map;

/**
 * The vocabulary in a {@code tokenizer.json}: which tokens it has and under which ids. Read in one
 * pass that skips merges and normalizer tables, which are most of the file.
 */
final class TokenizerFile {
  // Processors add it with the next free id. The image takes its place, so it needs no embedding.
  private static final String IMAGE = "<image>";

  private final String fileName;
  private final Map<String, Integer> ids = new HashMap<>();
  private String modelType = "";

  private TokenizerFile(String fileName) {
    this.fileName = fileName;
  }

  /**
   * Reads the vocabulary.
   *
   * @throws CheckpointException if the text isn't JSON or holds no vocabulary
   */
  static TokenizerFile parse(String json, String fileName) throws CheckpointException {
    var result = new TokenizerFile(fileName);
    try {
      result.readTop(new JsonReader(new StringReader(json)));
    } catch (MalformedJsonException | EOFException e) {
      throw result.malformed("JSON expected, got malformed text", e);
    } catch (IllegalStateException | NumberFormatException e) { // a value of another kind
      throw result.malformed("model.vocab and added_tokens expected tokens with ids", e);
    } catch (CheckpointException e) {
      throw e;
    } catch (IOException e) {
      throw new AssertionError("reading from memory", e);
    }
    if (result.ids.isEmpty()) {
      throw new CheckpointException(fileName + ": model.vocab is missing or empty");
    }
    return result;
  }

  Map<String, Integer> ids() {
    return ids;
  }

  /** The algorithm, as in {@code "BPE"}, {@code "WordPiece"}, {@code "Unigram"}. */
  String modelType() {
    return modelType;
  }

  void requireFits(int modelVocabSize) throws CheckpointException {
    int largest =
        ids.entrySet().stream()
            .filter(token -> !token.getKey().equals(IMAGE))
            .mapToInt(Map.Entry::getValue)
            .max()
            .orElse(0);
    if (largest >= modelVocabSize) {
      throw new CheckpointException(
          "%s: largest token id expected below the model's vocabulary of %d, got %d; %s"
              .formatted(
                  fileName, modelVocabSize, largest, "use the tokenizer that came with the model"));
    }
  }

  private void readTop(JsonReader json) throws IOException {
    json.beginObject();
    while (json.hasNext()) {
      switch (json.nextName()) {
        case "model" -> readModel(json);
        case "added_tokens" -> readAddedTokens(json);
        default -> json.skipValue();
      }
    }
    json.endObject();
  }

  private void readModel(JsonReader json) throws IOException {
    json.beginObject();
    while (json.hasNext()) {
      switch (json.nextName()) {
        case "type" -> modelType = json.nextString();
        case "vocab" -> readVocab(json);
        default -> json.skipValue();
      }
    }
    json.endObject();
  }

  private void readVocab(JsonReader json) throws IOException {
    if (json.peek() == JsonToken.BEGIN_OBJECT) {
      json.beginObject();
      while (json.hasNext()) {
        ids.put(json.nextName(), json.nextInt());
      }
      json.endObject();
    } else { // Unigram: [piece, score] pairs, the position is the id
      json.beginArray();
      for (int id = 0; json.hasNext(); id++) {
        json.beginArray();
        ids.put(json.nextString(), id);
        json.skipValue();
        json.endArray();
      }
      json.endArray();
    }
  }

  private void readAddedTokens(JsonReader json) throws IOException {
    json.beginArray();
    while (json.hasNext()) {
      int id = -1;
      String content = "";
      json.beginObject();
      while (json.hasNext()) {
        switch (json.nextName()) {
          case "id" -> id = json.nextInt();
          case "content" -> content = json.nextString();
          default -> json.skipValue();
        }
      }
      json.endObject();
      if (id < 0) {
        throw new CheckpointException(
            "%s: added token \"%s\" has no id".formatted(fileName, content));
      }
      ids.put(content, id);
    }
    json.endArray();
  }

  private CheckpointException malformed(String what, Exception cause) {
    var exception = new CheckpointException(fileName + ": " + what);
    exception.initCause(cause);
    return exception;
  }
}
