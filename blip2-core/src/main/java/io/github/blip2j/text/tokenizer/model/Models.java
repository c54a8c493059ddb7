package io.github.blip2j.text.tokenizer.model;

import io.github.blip2j.io.file.CheckpointException;
import io.github.blip2j.text.tokenizer.config.Component;
import io.github.blip2j.text.tokenizer.config.TokenizerJson;
import java.util.List;
import java.util.Locale;
import org.jspecify.annotations.Nullable;

/** Builds models from a file. */
public final class Models {
  private Models() {}

  /**
   * The model that a file describes.
   *
   * @throws CheckpointException if its type is unknown or its settings are invalid
   */
  public static Model read(TokenizerJson file) throws CheckpointException {
    Component json = file.model();
    String type = json.has("type") ? json.type() : typeByContents(file, json);
    return switch (type) {
      case "BPE" -> bpe(file, json);
      case "WordPiece" ->
          new WordPieceModel(
              vocabulary(file, json),
              json.string("unk_token", "[UNK]"),
              json.string("continuing_subword_prefix", "##"),
              json.has("max_input_chars_per_word")
                  ? json.integer("max_input_chars_per_word")
                  : 100);
      case "Unigram" -> unigram(file, json);
      case "WordLevel" ->
          new WordLevelModel(vocabulary(file, json), json.string("unk_token", "<unk>"));
      default -> throw json.unsupported("model");
    };
  }

  /** The type by the contents; files from before 2021 don't state it. */
  private static String typeByContents(TokenizerJson file, Component json) {
    if (file.merges != null) {
      return "BPE";
    }
    if (!file.pieces.isEmpty()) {
      return "Unigram";
    }
    return json.has("continuing_subword_prefix") ? "WordPiece" : "WordLevel";
  }

  private static Vocabulary vocabulary(TokenizerJson file, Component json)
      throws CheckpointException {
    if (file.vocabulary.isEmpty()) {
      throw json.error("vocab expected an object of tokens and ids, got a list");
    }
    return new Vocabulary(file.vocabulary);
  }

  private static Model unigram(TokenizerJson file, Component json) throws CheckpointException {
    List<String> pieces = file.pieces;
    if (pieces.isEmpty()) {
      throw json.error("vocab expected a list of pieces and scores, got an object");
    }
    int unknown = json.has("unk_id") ? json.integer("unk_id") : -1;
    if (unknown >= pieces.size()) {
      throw json.error(
          String.format(Locale.ROOT, "unk_id expected below %d, got %d", pieces.size(), unknown));
    }
    double[] scores = file.scores.stream().mapToDouble(Double::doubleValue).toArray();
    return new UnigramModel(pieces, scores, unknown, json.flag("byte_fallback", false));
  }

  private static Model bpe(TokenizerJson file, Component json) throws CheckpointException {
    @Nullable List<String> pairs = file.merges;
    if (pairs == null) {
      throw json.error("merges is missing");
    }
    if (json.has("dropout") && !json.isZero("dropout")) {
      throw json.error("dropout expected none, got some: its tokens would be random");
    }
    Vocabulary vocabulary = vocabulary(file, json);
    var options =
        new BpeModel.Options(
            json.has("unk_token") ? json.string("unk_token") : null,
            json.string("continuing_subword_prefix", ""),
            json.string("end_of_word_suffix", ""),
            json.flag("fuse_unk", false),
            json.flag("byte_fallback", false),
            json.flag("ignore_merges", false));
    return new BpeModel(vocabulary, merges(json, vocabulary, pairs, options.prefix()), options);
  }

  private static Merges merges(
      Component json, Vocabulary vocabulary, List<String> pairs, String prefix)
      throws CheckpointException {
    var merges = new Merges.Builder(pairs.size() / 2);
    for (int i = 0; i < pairs.size(); i += 2) {
      String left = pairs.get(i);
      String right = pairs.get(i + 1);
      // The library removes as many bytes, whatever they are; files remove the prefix themselves.
      if (!right.startsWith(prefix)) {
        throw json.error(
            String.format(
                Locale.ROOT,
                "merges[%d] expected its second token to begin with \"%s\", got \"%s\"",
                i / 2,
                prefix,
                right));
      }
      String result = left + right.substring(prefix.length());
      merges.add(
          id(json, vocabulary, left), id(json, vocabulary, right), id(json, vocabulary, result));
    }
    return merges.build();
  }

  private static int id(Component json, Vocabulary vocabulary, String token)
      throws CheckpointException {
    int id = vocabulary.idOrNone(token);
    if (id < 0) {
      throw json.error(
          String.format(
              Locale.ROOT, "merges expected tokens of the vocabulary, got \"%s\"", token));
    }
    return id;
  }
}
