package io.github.blip2j.blip2.checkpoint.lavis;

import io.github.blip2j.blip2.checkpoint.files.TensorCopy;
import io.github.blip2j.io.Checkpoint;
import io.github.blip2j.io.file.CheckpointException;
import io.github.blip2j.io.tensor.TensorEntry;
import io.github.blip2j.qformer.QformerNames;
import io.github.blip2j.vision.LavisVisionNames;
import io.github.blip2j.vision.VisionFamily;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.NavigableMap;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * Which tensors of one kind of checkpoint become which of the other.
 *
 * @param shared those that both kinds have
 * @param lavisOnly those that Hugging Face has no place for, by their own names
 */
public record ConversionPlan(List<TensorCopy> shared, List<TensorCopy> lavisOnly) {
  private static final String QUERY_BIAS = LavisNames.QUERY_BIAS;
  private static final String VALUE_BIAS = LavisNames.VALUE_BIAS;
  private static final String KEY_BIAS = LavisNames.KEY_BIAS;
  private static final String FUSED_BIAS = ".self_attn.qkv.bias"; // of Hugging Face
  private static final int CHUNK = 1 << 20;

  public ConversionPlan {
    shared = List.copyOf(shared);
    lavisOnly = List.copyOf(lavisOnly);
  }

  /** From a checkpoint of LAVIS to Hugging Face. */
  public static ConversionPlan ofLavis(Path where, NavigableMap<String, TensorEntry> tensors)
      throws CheckpointException {
    if (isClip(tensors)) {
      throw new CheckpointException(
          where + ": visual_encoder expected an EVA, got a CLIP; Hugging Face has no such BLIP-2");
    }
    boolean instruct =
        new LavisSizes(where.toString(), tensors).readsWords()
            && LavisNames.language(tensors).isPresent();
    List<TensorCopy> shared = new ArrayList<>();
    List<TensorCopy> lavisOnly = new ArrayList<>();
    for (TensorEntry entry : tensors.values()) {
      String name = entry.name();
      if (name.endsWith(VALUE_BIAS)) {
        require(where, tensors, name, VALUE_BIAS, QUERY_BIAS);
      } else if (name.endsWith(KEY_BIAS)) {
        require(where, tensors, name, KEY_BIAS, QUERY_BIAS);
      } else if (name.endsWith(QUERY_BIAS)) {
        TensorEntry value = require(where, tensors, name, QUERY_BIAS, VALUE_BIAS);
        String fused = known(where, name.replace(QUERY_BIAS, LavisNames.FUSED_BIAS), instruct);
        @Nullable TensorEntry key = tensors.get(name.replace(QUERY_BIAS, KEY_BIAS));
        shared.add(TensorCopy.joined(fused, entry, key, value));
      } else if (QformerNames.isLavisOnly(name)) {
        lavisOnly.add(TensorCopy.whole(name, entry));
      } else {
        shared.add(TensorCopy.whole(known(where, name, instruct), entry));
      }
    }
    return new ConversionPlan(shared, lavisOnly);
  }

  /** Whether tensors of LAVIS are a first stage's, which has a matching head. */
  public static boolean isFirstStage(NavigableMap<String, TensorEntry> tensors) {
    return tensors.containsKey("itm_head.weight");
  }

  private static boolean isClip(NavigableMap<String, TensorEntry> tensors) {
    return LavisVisionNames.family(tensors.keySet(), LavisNames.VISION)
        .equals(Optional.of(VisionFamily.CLIP));
  }

  private static TensorEntry require(
      Path where, NavigableMap<String, TensorEntry> tensors, String name, String end, String other)
      throws CheckpointException {
    String wanted = name.substring(0, name.length() - end.length()) + other;
    @Nullable TensorEntry entry = tensors.get(wanted);
    if (entry == null) {
      throw new CheckpointException(
          String.format(Locale.ROOT, "%s: %s expected beside %s, got none", where, wanted, name));
    }
    return entry;
  }

  private static String known(Path where, String lavis, boolean instruct)
      throws CheckpointException {
    return known(NameTranslation.toHuggingFace(lavis, instruct), where, lavis);
  }

  private static String known(Optional<String> counterpart, Path where, String name)
      throws CheckpointException {
    return counterpart.orElseThrow(
        () ->
            new CheckpointException(
                String.format(
                    Locale.ROOT,
                    "%s: tensors expected to be those of BLIP-2, got %s",
                    where,
                    name)));
  }

  /** From a folder of Hugging Face to LAVIS; all of it is shared. */
  public static ConversionPlan ofHuggingFace(Path folder, Checkpoint from, KeyBias keyBias)
      throws IOException {
    List<TensorCopy> shared = new ArrayList<>();
    String language = LavisNames.languageOf(from.tensors());
    for (TensorEntry entry : from.tensors().values()) {
      String name = known(NameTranslation.toLavis(entry.name(), language), folder, entry.name());
      if (entry.name().endsWith(FUSED_BIAS)) {
        splitBias(folder, from, entry, name, keyBias, shared);
      } else {
        shared.add(TensorCopy.whole(name, entry));
      }
    }
    return new ConversionPlan(shared, List.of());
  }

  private static void splitBias(
      Path folder,
      Checkpoint from,
      TensorEntry fused,
      String whole,
      KeyBias keyBias,
      List<TensorCopy> to)
      throws IOException {
    String block = whole.substring(0, whole.length() - LavisNames.FUSED_BIAS.length());
    to.add(TensorCopy.third(block + QUERY_BIAS, fused, 0));
    if (!isKeyBiasZero(from, fused)) {
      if (keyBias == KeyBias.REFUSE) {
        throw new CheckpointException(
            String.format(
                Locale.ROOT,
                "%s: %s expected zeros in its middle third, got a bias of keys, which LAVIS has not; %s",
                folder,
                fused.name(),
                "KeyBias.KEEP keeps it"));
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

  /**
   * What of a conversion to LAVIS the second stage trains, without language model and vision
   * encoder.
   */
  public ConversionPlan trained() {
    List<TensorCopy> trained =
        shared.stream().filter(copy -> LavisNames.isTrained(copy.spec().name())).toList();
    return new ConversionPlan(trained, List.of());
  }
}
