package io.github.blip2j.blip2;

import io.github.blip2j.io.Checkpoint;
import io.github.blip2j.io.CheckpointException;
import io.github.blip2j.io.SafetensorsWriter;
import io.github.blip2j.io.ShardedSafetensorsWriter;
import io.github.blip2j.io.TensorEntry;
import io.github.blip2j.io.TensorSpec;
import io.github.blip2j.io.TorchWriter;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.ArrayList;
import java.util.List;
import java.util.NavigableMap;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * Turns a checkpoint of LAVIS into a folder of Hugging Face and back, tensor by tensor and byte by
 * byte: types are kept, and there and back gives the same bytes.
 *
 * <p>Two things differ besides names. Hugging Face stores the vision tower's query and value biases
 * as one vector with zeros for the key between them. And it has no place for what only training
 * needs, the temperature and the head that predicts words; these lie in {@value #LAVIS_ONLY} beside
 * its file, which it does not read.
 */
public final class Conversion {
  /** The file in a Hugging Face folder with what only LAVIS reads. */
  public static final String LAVIS_ONLY = "lavis.safetensors";

  private static final String QUERY_BIAS = ".attn.q_bias";
  private static final String VALUE_BIAS = ".attn.v_bias";
  private static final String KEY_BIAS = ".attn.k_bias";
  private static final String FUSED_BIAS = ".self_attn.qkv.bias";
  private static final long SHARD_BYTES = 5_000_000_000L; // as Hugging Face splits
  private static final int CHUNK = 1 << 20;
  private static final List<String> TOKENIZER_FILES =
      List.of(
          "tokenizer.json",
          "tokenizer_config.json",
          "special_tokens_map.json",
          "added_tokens.json",
          "vocab.txt",
          "vocab.json",
          "merges.txt",
          "spiece.model");

  private Conversion() {}

  /**
   * How many heads the attentions have, which no tensor tells.
   *
   * @param vision in the vision transformer
   * @param qformer in the Q-Former
   */
  public record Heads(int vision, int qformer) {
    /** Checks that there are some. */
    public Heads {
      if (vision <= 0 || qformer <= 0) {
        throw new IllegalArgumentException(
            "Heads: counts must be positive, got vision=%d, qformer=%d".formatted(vision, qformer));
      }
    }
  }

  /**
   * What to do where the vision tower of Hugging Face has a bias of the keys. It adds the same to
   * all scores of a softmax and so changes nothing, but training there may have moved it.
   */
  public enum KeyBias {
    /** Stop: LAVIS has no such tensor. */
    REFUSE,
    /** Store it as {@code k_bias}, which LAVIS leaves unread and the way back finds. */
    KEEP
  }

  /**
   * Writes a checkpoint of LAVIS as a Hugging Face folder, with the heads that a {@code model.json}
   * beside it tells or else those of the released models, 88 wide in EVA and 64 in BERT.
   *
   * @param lavis a file of {@code torch.save}
   * @param folder is created if there is none; tokenizer files beside {@code lavis} are copied
   * @throws CheckpointException if it is not a BLIP-2 of LAVIS with an EVA vision transformer
   */
  public static void toHuggingFace(Path lavis, Path folder) throws IOException {
    convert(lavis, folder, null);
  }

  /**
   * Writes a checkpoint of LAVIS as a Hugging Face folder.
   *
   * @param lavis a file of {@code torch.save}
   * @param folder is created if there is none; tokenizer files beside {@code lavis} are copied
   * @throws CheckpointException if it is not a BLIP-2 of LAVIS with an EVA vision transformer
   */
  public static void toHuggingFace(Path lavis, Path folder, Heads heads) throws IOException {
    convert(lavis, folder, heads);
  }

  private static void convert(Path lavis, Path folder, @Nullable Heads heads) throws IOException {
    try (Checkpoint from = Checkpoint.open(lavis)) {
      List<TensorCopy> shared = new ArrayList<>();
      List<TensorCopy> lavisOnly = new ArrayList<>();
      plan(lavis, from.tensors(), shared, lavisOnly);
      Files.createDirectories(folder);
      describe(lavis, folder, from, heads);
      try (var writer = ShardedSafetensorsWriter.create(folder, specs(shared), SHARD_BYTES)) {
        write(shared, from, writer::write);
      }
      if (!lavisOnly.isEmpty()) {
        Path beside = folder.resolve(LAVIS_ONLY);
        try (var writer = SafetensorsWriter.create(beside, specs(lavisOnly))) {
          write(lavisOnly, from, writer::write);
        }
      }
    }
  }

  /**
   * Writes a Hugging Face folder as a checkpoint of LAVIS, with {@value #LAVIS_ONLY} if it is
   * there.
   *
   * @param file a file of {@code torch.save}, whose dict is under {@code model}
   * @throws CheckpointException if it is not a BLIP-2, or its vision tower has a bias of the keys
   */
  public static void toLavis(Path folder, Path file) throws IOException {
    toLavis(folder, file, KeyBias.REFUSE);
  }

  /**
   * As {@link #toLavis(Path, Path)}, with a say on biases of the keys.
   *
   * @throws CheckpointException if it is not a BLIP-2, or has a bias that is refused
   */
  public static void toLavis(Path folder, Path file, KeyBias keyBias) throws IOException {
    Path beside = folder.resolve(LAVIS_ONLY);
    try (Checkpoint from = Checkpoint.open(folder)) {
      List<TensorCopy> shared = planBack(folder, from, keyBias);
      if (!Files.exists(beside)) {
        writeLavis(file, shared, List.of(), from);
        return;
      }
      try (Checkpoint more = Checkpoint.open(beside)) {
        List<TensorCopy> lavisOnly = new ArrayList<>();
        for (TensorEntry entry : more.tensors().values()) {
          lavisOnly.add(TensorCopy.whole(entry.name(), entry));
        }
        writeLavis(file, shared, lavisOnly, more.over(from));
      }
    }
  }

  private static void writeLavis(
      Path file, List<TensorCopy> shared, List<TensorCopy> lavisOnly, Checkpoint from)
      throws IOException {
    List<TensorCopy> all = new ArrayList<>(shared);
    all.addAll(lavisOnly);
    try (var writer = TorchWriter.createUnder("model", file, specs(all))) {
      write(all, from, writer::write);
    }
  }

  private static void plan(
      Path where,
      NavigableMap<String, TensorEntry> tensors,
      List<TensorCopy> shared,
      List<TensorCopy> lavisOnly)
      throws CheckpointException {
    if (tensors.containsKey("visual_encoder.conv1.weight")) {
      throw new CheckpointException(
          where + ": visual_encoder expected an EVA, got a CLIP; Hugging Face has no such BLIP-2");
    }
    for (TensorEntry entry : tensors.values()) {
      String name = entry.name();
      if (name.endsWith(VALUE_BIAS)) {
        require(where, tensors, name, VALUE_BIAS, QUERY_BIAS);
      } else if (name.endsWith(KEY_BIAS)) {
        require(where, tensors, name, KEY_BIAS, QUERY_BIAS);
      } else if (name.endsWith(QUERY_BIAS)) {
        TensorEntry value = require(where, tensors, name, QUERY_BIAS, VALUE_BIAS);
        String fused = known(where, name.replace(QUERY_BIAS, ".attn.qkv.bias"));
        @Nullable TensorEntry key = tensors.get(name.replace(QUERY_BIAS, KEY_BIAS));
        shared.add(TensorCopy.joined(fused, entry, key, value));
      } else if (LavisNames.isLavisOnly(name)) {
        lavisOnly.add(TensorCopy.whole(name, entry));
      } else {
        shared.add(TensorCopy.whole(known(where, name), entry));
      }
    }
  }

  private static TensorEntry require(
      Path where, NavigableMap<String, TensorEntry> tensors, String name, String end, String other)
      throws CheckpointException {
    String wanted = name.substring(0, name.length() - end.length()) + other;
    @Nullable TensorEntry entry = tensors.get(wanted);
    if (entry == null) {
      throw new CheckpointException(
          "%s: %s expected beside %s, got none".formatted(where, wanted, name));
    }
    return entry;
  }

  private static String known(Path where, String lavis) throws CheckpointException {
    return known(LavisNames.toHuggingFace(lavis), where, lavis);
  }

  private static String known(Optional<String> counterpart, Path where, String name)
      throws CheckpointException {
    return counterpart.orElseThrow(
        () ->
            new CheckpointException(
                "%s: tensors expected to be those of BLIP-2, got %s".formatted(where, name)));
  }

  private static List<TensorCopy> planBack(Path folder, Checkpoint from, KeyBias keyBias)
      throws IOException {
    List<TensorCopy> shared = new ArrayList<>();
    boolean t5 = from.tensors().containsKey("language_model.shared.weight");
    for (TensorEntry entry : from.tensors().values()) {
      String name = known(LavisNames.toLavis(entry.name(), t5), folder, entry.name());
      if (entry.name().endsWith(FUSED_BIAS)) {
        splitBias(folder, from, entry, keyBias, shared);
      } else {
        shared.add(TensorCopy.whole(name, entry));
      }
    }
    return shared;
  }

  private static void splitBias(
      Path folder, Checkpoint from, TensorEntry fused, KeyBias keyBias, List<TensorCopy> to)
      throws IOException {
    String whole = known(LavisNames.toLavis(fused.name(), false), folder, fused.name());
    String block = whole.substring(0, whole.length() - ".attn.qkv.bias".length());
    to.add(TensorCopy.third(block + QUERY_BIAS, fused, 0));
    if (!isKeyBiasZero(from, fused)) {
      if (keyBias == KeyBias.REFUSE) {
        throw new CheckpointException(
            "%s: %s expected zeros in its middle third, got a bias of keys, which LAVIS has not; %s"
                .formatted(folder, fused.name(), "say that it be kept"));
      }
      to.add(TensorCopy.third(block + KEY_BIAS, fused, 1));
    }
    to.add(TensorCopy.third(block + VALUE_BIAS, fused, 2));
  }

  private static boolean isKeyBiasZero(Checkpoint from, TensorEntry fused) throws IOException {
    long third = fused.byteSize() / 3;
    for (long at = 0; at < third; at += CHUNK) {
      ByteBuffer bytes = ByteBuffer.allocate((int) Math.min(CHUNK, third - at));
      from.read(fused.name(), third + at, bytes);
      bytes.flip();
      while (bytes.hasRemaining()) {
        if (bytes.get() != 0) {
          return false;
        }
      }
    }
    return true;
  }

  private static void describe(Path lavis, Path folder, Checkpoint from, @Nullable Heads told)
      throws IOException {
    Path config = folder.resolve("config.json");
    if (from.tensors().containsKey("itm_head.weight")) {
      var sizes = new LavisSizes(lavis.toString(), from.tensors());
      Heads heads = told != null ? told : LavisSizes.headsBeside(lavis, sizes);
      Files.writeString(config, sizes.configJson(heads));
      Files.writeString(folder.resolve("preprocessor_config.json"), sizes.preprocessorJson());
    } else if (!Files.exists(config)) {
      throw new CheckpointException(
          config
              + ": sizes of the language model expected, got none; copy its folder's file there");
    }
    copyTokenizer(lavis.resolveSibling(""), folder);
  }

  /** Copies what there is of a tokenizer; over what is there. */
  static void copyTokenizer(Path from, Path folder) throws IOException {
    for (String name : TOKENIZER_FILES) {
      Path source = from.resolve(name);
      Path target = folder.resolve(name);
      if (Files.exists(source) && !(Files.exists(target) && Files.isSameFile(source, target))) {
        Files.copy(source, target, StandardCopyOption.REPLACE_EXISTING);
      }
    }
  }

  private static List<TensorSpec> specs(List<TensorCopy> copies) {
    return copies.stream().map(TensorCopy::spec).toList();
  }

  private static void write(List<TensorCopy> copies, Checkpoint from, TensorCopy.Sink to)
      throws IOException {
    for (TensorCopy copy : copies) {
      copy.write(from, to);
    }
  }
}
