package io.github.blip2j.qformer;

import io.github.blip2j.golden.ConfigText;
import io.github.blip2j.io.file.CheckpointException;
import java.util.Locale;

/** A Q-Former whose every size differs from every other, so that a swapped axis shows. */
final class TinyBert {
  static final int DIM = 12;
  static final int HEADS = 3;
  static final int LAYERS = 3;
  static final int ENCODER_DIM = 10;
  static final int MAX_POSITIONS = 6;

  private TinyBert() {}

  /** With or without a text side; dropout of 0.1, as evaluation must ignore it. */
  static BertConfig config(boolean text) {
    String json =
        """
        {"hidden_size": 12, "num_hidden_layers": 3, "num_attention_heads": 3,
         "intermediate_size": 20, "cross_attention_frequency": 2, "vocab_size": 17,
         "max_position_embeddings": 6, "use_qformer_text_input": %b}
        """;
    try {
      return BertConfig.fromJson(
          ConfigText.of(String.format(Locale.ROOT, json, text)), ENCODER_DIM);
    } catch (CheckpointException e) {
      throw new AssertionError(e);
    }
  }

  /** A plain BERT of these sizes, with two token types; dropout as above. */
  static BertConfig plain(BertKind kind) {
    String json =
        """
        {"model_type": "bert", "hidden_size": 12, "num_hidden_layers": 3,
         "num_attention_heads": 3, "intermediate_size": 20, "vocab_size": 17,
         "max_position_embeddings": 6, "type_vocab_size": 2, "is_decoder": %b,
         "add_cross_attention": %b}
        """;
    boolean decoder = kind != BertKind.ENCODER;
    boolean crossing = kind == BertKind.CROSS_DECODER;
    try {
      return BertConfig.fromPlainJson(
          ConfigText.of(String.format(Locale.ROOT, json, decoder, crossing)));
    } catch (CheckpointException e) {
      throw new AssertionError(e);
    }
  }
}
