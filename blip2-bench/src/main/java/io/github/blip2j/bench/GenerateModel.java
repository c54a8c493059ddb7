package io.github.blip2j.bench;

import io.github.blip2j.blip2.model.Blip2Config;
import io.github.blip2j.io.ShardedSafetensorsWriter;
import io.github.blip2j.io.file.ConfigJson;
import io.github.blip2j.io.tensor.TensorSpec;
import io.github.blip2j.tensor.types.DType;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Locale;
import java.util.SplittableRandom;

/**
 * Writes a BLIP-2 of full size with random bfloat16 weights, sharded as on the hub, for
 * measurements of loading, memory and speed: OPT-2.7B, 7.6 GB, or Flan-T5-xl, 7.9 GB. Its texts are
 * meaningless.
 *
 * <pre>{@code
 * java ... io.github.blip2j.bench.GenerateModel OUT-FOLDER TOKENIZER-FOLDER [opt-2.7b|flan-t5-xl]
 * }</pre>
 *
 * <p>The tokenizer files come from any BLIP-2 folder with a language model of the same kind.
 */
public final class GenerateModel {
  private static final long SHARD = 2_000_000_000L;
  private static final int BLOCK = 1 << 24;
  private static final short ONE = 0x3F80; // 1.0 in bfloat16
  private static final double SPREAD = 0.03;

  private final ByteBuffer noise;
  private int offset;

  private GenerateModel(long seed) {
    this.noise = noise(new SplittableRandom(seed));
  }

  /** Writes the folder. */
  public static void main(String[] args) throws IOException {
    if (args.length < 2 || args.length > 3) {
      throw new IllegalArgumentException(
          "GenerateModel: arguments expected OUT-FOLDER TOKENIZER-FOLDER [PRESET], got "
              + args.length);
    }
    Preset preset = args.length == 2 ? Preset.OPT_2_7B : Preset.named(args[2]);
    write(Path.of(args[0]), config(preset), Path.of(args[1]));
  }

  /** The {@code config.json} of a preset. */
  static String config(Preset preset) {
    return switch (preset) {
      case OPT_2_7B -> String.format(Locale.ROOT, CONFIG, 50265, OPT_2_7B);
      case FLAN_T5_XL -> String.format(Locale.ROOT, CONFIG, 32100, FLAN_T5_XL);
      case VICUNA_7B -> String.format(Locale.ROOT, CONFIG, 32000, VICUNA_7B);
      case TINY -> Preset.TINY_SIZES;
    };
  }

  /**
   * Writes a folder.
   *
   * @param config its {@code config.json}
   * @param tokenizer folder of the tokenizer's files
   */
  static void write(Path folder, String config, Path tokenizer) throws IOException {
    Path out = Files.createDirectories(folder);
    Blip2Config sizes = Blip2Config.fromJson(ConfigJson.parse("config.json", config));
    new GenerateModel(0).weights(out, sizes);
    int side = sizes.vision().imageSize();
    Files.writeString(out.resolve("config.json"), config);
    Files.writeString(
        out.resolve("preprocessor_config.json"),
        String.format(Locale.ROOT, PREPROCESSOR, side, side));
    for (String file : List.of("tokenizer.json", "tokenizer_config.json")) {
      Files.copy(tokenizer.resolve(file), out.resolve(file));
    }
  }

  private void weights(Path out, Blip2Config sizes) throws IOException {
    List<TensorSpec> specs = HuggingFaceLayout.of(sizes, DType.BFLOAT16);
    try (var writer = ShardedSafetensorsWriter.create(out, specs, SHARD)) {
      for (TensorSpec spec : specs) {
        long left = spec.byteSize();
        while (left > 0) {
          ByteBuffer bytes = values(spec.name(), (int) Math.min(left, BLOCK / 2));
          left -= bytes.remaining();
          writer.write(spec.name(), bytes);
        }
      }
    }
  }

  /** Values of a tensor: ones for the scales of norms, otherwise a part of one block of noise. */
  private ByteBuffer values(String name, int count) {
    boolean norm = name.toLowerCase(Locale.ROOT).contains("norm");
    if (norm) {
      ByteBuffer values = ByteBuffer.allocate(count).order(ByteOrder.LITTLE_ENDIAN);
      while (values.hasRemaining()) {
        values.putShort(name.endsWith("weight") ? ONE : 0);
      }
      return values.flip();
    }
    offset = (offset + 2 * 7919) % (BLOCK / 2); // a prime, so that tensors differ
    return noise.duplicate().position(offset).limit(offset + count);
  }

  private static ByteBuffer noise(SplittableRandom random) {
    ByteBuffer noise = ByteBuffer.allocate(BLOCK).order(ByteOrder.LITTLE_ENDIAN);
    while (noise.hasRemaining()) {
      float value = (float) (SPREAD * (2 * random.nextDouble() - 1));
      noise.putShort((short) (Float.floatToIntBits(value) >>> 16));
    }
    return noise.flip();
  }

  /** A configuration template; the image token and the language model's sizes are inserted. */
  private static final String CONFIG =
      """
      {
        "architectures": ["Blip2ForConditionalGeneration"],
        "model_type": "blip-2",
        "num_query_tokens": 32,
        "image_token_index": %d,
        "vision_config": {"model_type": "blip_2_vision_model"},
        "qformer_config": {"model_type": "blip_2_qformer"},
        "text_config": %s
      }
      """;

  private static final String OPT_2_7B =
      """
      {
          "model_type": "opt", "hidden_size": 2560, "num_hidden_layers": 32, "ffn_dim": 10240,
          "num_attention_heads": 32, "word_embed_proj_dim": 2560, "vocab_size": 50304,
          "max_position_embeddings": 2048, "eos_token_id": 50118
        }""";

  private static final String FLAN_T5_XL =
      """
      {
          "model_type": "t5", "d_model": 2048, "num_heads": 32, "d_kv": 64, "d_ff": 5120,
          "num_layers": 24, "num_decoder_layers": 24, "vocab_size": 32128,
          "feed_forward_proj": "gated-gelu", "dense_act_fn": "gelu", "is_gated_act": true,
          "tie_word_embeddings": false, "scale_decoder_outputs": false, "bos_token_id": 1
        }""";

  private static final String VICUNA_7B =
      """
      {
          "model_type": "llama", "hidden_size": 4096, "intermediate_size": 11008,
          "num_hidden_layers": 32, "num_attention_heads": 32, "vocab_size": 32001,
          "pad_token_id": 0
        }""";

  private static final String PREPROCESSOR =
      """
      {
        "do_convert_rgb": true, "do_resize": true, "resample": 3,
        "size": {"height": %d, "width": %d},
        "do_rescale": true, "rescale_factor": 0.00392156862745098, "do_normalize": true,
        "image_mean": [0.48145466, 0.4578275, 0.40821073],
        "image_std": [0.26862954, 0.26130258, 0.27577711]
      }
      """;
}
