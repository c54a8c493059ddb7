package io.github.blip2j.text.tokenizer.decoder;

import io.github.blip2j.io.file.CheckpointException;
import io.github.blip2j.text.tokenizer.config.Component;
import io.github.blip2j.text.tokenizer.normalizer.Normalizers;
import io.github.blip2j.text.tokenizer.pretokenizer.MetaspacePreTokenizer.PrependScheme;
import io.github.blip2j.text.tokenizer.pretokenizer.PreTokenizers;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** Builds decoders from a file. */
public final class Decoders {
  private Decoders() {}

  /**
   * The decoder that a file describes.
   *
   * @throws CheckpointException if its type is unknown or its settings are invalid
   */
  static @Nullable public Decoder read(@Nullable Component json) throws CheckpointException {
    return json == null ? null : build(json);
  }

  private static Decoder build(Component json) throws CheckpointException {
    return switch (json.type()) {
      case "Sequence" -> sequence(json);
      case "ByteLevel" -> new ByteLevelDecoder();
      case "WordPiece" -> new WordPieceDecoder(json.string("prefix"), json.flag("cleanup"));
      case "Metaspace" ->
          new MetaspaceDecoder(
              json.character("replacement"),
              PreTokenizers.prependScheme(json) != PrependScheme.NEVER);
      case "BPEDecoder" -> new BpeDecoder(json.string("suffix"));
      case "ByteFallback" -> new ByteFallbackDecoder();
      case "Fuse" -> new FuseDecoder();
      case "Strip" ->
          new StripDecoder(json.character("content"), json.integer("start"), json.integer("stop"));
      case "Replace" -> new ReplaceDecoder(Normalizers.replace(json));
      case "CTC" ->
          new CtcDecoder(
              json.string("pad_token"), json.string("word_delimiter_token"), json.flag("cleanup"));
      default -> throw json.unsupported("decoder");
    };
  }

  private static Decoder sequence(Component json) throws CheckpointException {
    List<Decoder> decoders = new ArrayList<>();
    for (Component child : json.children("decoders")) {
      decoders.add(build(child));
    }
    return new DecoderSequence(decoders);
  }
}
