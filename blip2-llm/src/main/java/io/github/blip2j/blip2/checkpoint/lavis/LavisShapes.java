package io.github.blip2j.blip2.checkpoint.lavis;

import io.github.blip2j.io.file.CheckpointException;
import io.github.blip2j.io.tensor.TensorEntry;
import io.github.blip2j.nn.KeyMap;
import io.github.blip2j.tensor.types.DType;
import io.github.blip2j.vision.LavisEncoder;
import java.util.Locale;
import java.util.NavigableMap;
import org.jspecify.annotations.Nullable;

/**
 * The shapes of stored tensors, by the names of a model's parameters.
 *
 * @param where the file, for messages
 * @param keys the stored names
 */
record LavisShapes(String where, NavigableMap<String, TensorEntry> tensors, KeyMap keys)
    implements LavisEncoder.Shapes {
  private String stored(String parameter) {
    return keys.toStored(parameter).name();
  }

  /** Whether a parameter is stored. */
  boolean has(String parameter) {
    return tensors.containsKey(stored(parameter));
  }

  @Override
  public int count(String parameter) {
    String name = stored(parameter);
    String prefix = name.substring(0, name.indexOf("0."));
    int count = 0;
    while (startsAny(prefix + count + ".")) {
      count++;
    }
    return count;
  }

  private boolean startsAny(String prefix) {
    @Nullable String next = tensors.ceilingKey(prefix);
    return next != null && next.startsWith(prefix);
  }

  @Override
  public int size(String parameter, int axis) throws CheckpointException {
    String name = stored(parameter);
    @Nullable TensorEntry entry = tensors.get(name);
    if (entry == null || entry.shape().rank() <= axis) {
      throw new CheckpointException(
          String.format(
              Locale.ROOT,
              "%s: %s expected with at least %d axes, got %s",
              where,
              name,
              axis + 1,
              entry == null ? "none" : entry.shape()));
    }
    return Math.toIntExact(entry.shape().dim(axis));
  }

  /** The type of the weights. Mixed types, as LAVIS stores them on GPUs, are loaded as float32. */
  String dtype() throws CheckpointException {
    @Nullable DType common = null;
    for (TensorEntry entry : tensors.values()) {
      DType type = entry.dtype();
      if (type.isFloating() && common != null && common != type) {
        return "float32";
      }
      common = type.isFloating() ? type : common;
    }
    return common == DType.FLOAT16 ? "float16" : common == DType.BFLOAT16 ? "bfloat16" : "float32";
  }
}
