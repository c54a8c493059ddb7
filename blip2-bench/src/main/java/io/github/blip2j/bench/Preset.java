package io.github.blip2j.bench;

import io.github.blip2j.blip2.model.Blip2Config;
import io.github.blip2j.io.file.ConfigJson;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.util.Arrays;
import java.util.EnumSet;
import java.util.Locale;
import java.util.Set;
import java.util.stream.Collectors;

/** The sizes of a model to time. */
public enum Preset {
  /** {@code Salesforce/blip2-opt-2.7b}. */
  OPT_2_7B("opt-2.7b"),
  /** {@code Salesforce/blip2-flan-t5-xl}; its vision side is that of opt-2.7b. */
  FLAN_T5_XL("flan-t5-xl"),
  /**
   * A Vicuna-7b, as in {@code Salesforce/instructblip-vicuna-7b}, behind the vision side of
   * opt-2.7b.
   */
  VICUNA_7B("vicuna-7b"),
  /** A model of a few megabytes with every part of a large one. */
  TINY("tiny");

  static final String TINY_SIZES =
      """
      {
        "model_type": "blip-2",
        "num_query_tokens": 32,
        "image_token_index": 8191,
        "vision_config": {
          "hidden_size": 192, "intermediate_size": 768, "num_hidden_layers": 6,
          "num_attention_heads": 3
        },
        "qformer_config": {
          "hidden_size": 192, "intermediate_size": 768, "num_hidden_layers": 4,
          "num_attention_heads": 3
        },
        "text_config": {
          "vocab_size": 8192, "hidden_size": 256, "num_hidden_layers": 4, "ffn_dim": 1024,
          "num_attention_heads": 4, "word_embed_proj_dim": 256
        }
      }
      """;

  private final String label;

  Preset(String label) {
    this.label = label;
  }

  /** The name, as in {@code "opt-2.7b"}. */
  public String label() {
    return label;
  }

  /** The figures that this preset supports. */
  public Set<Figure> figures() {
    Set<Figure> figures = EnumSet.allOf(Figure.class);
    if (this == FLAN_T5_XL) {
      figures.remove(Figure.PREFILL); // T5's decoder begins with one token for any prompt
    }
    return figures;
  }

  /**
   * The preset of this name.
   *
   * @throws IllegalArgumentException if there is none
   */
  public static Preset named(String label) {
    return Arrays.stream(values())
        .filter(preset -> preset.label.equals(label))
        .findFirst()
        .orElseThrow(() -> new IllegalArgumentException(unknown(label)));
  }

  /** The sizes of the parts that {@link #figures} need. */
  Blip2Config sizes() {
    return switch (this) {
      case OPT_2_7B -> Blip2Config.opt2b7();
      case FLAN_T5_XL -> Blip2Config.flanT5Xl();
      case VICUNA_7B -> Blip2Config.vicuna7b();
      case TINY -> tiny();
    };
  }

  private static Blip2Config tiny() {
    try {
      return Blip2Config.fromJson(ConfigJson.parse("tiny", TINY_SIZES));
    } catch (IOException e) {
      throw new UncheckedIOException(e); // a constant that does not parse
    }
  }

  private static String unknown(String label) {
    String labels = Arrays.stream(values()).map(Preset::label).collect(Collectors.joining(", "));
    return String.format(Locale.ROOT, "preset expected one of %s, got '%s'", labels, label);
  }
}
