package io.github.blip2j.blip2.checkpoint.lavis;

import static io.github.blip2j.blip2.checkpoint.lavis.LavisNames.FUSED_BIAS;
import static io.github.blip2j.blip2.checkpoint.lavis.LavisNames.KEY_BIAS;
import static io.github.blip2j.blip2.checkpoint.lavis.LavisNames.QUERY_BIAS;
import static io.github.blip2j.blip2.checkpoint.lavis.LavisNames.VALUE_BIAS;

import io.github.blip2j.blip2.checkpoint.files.TensorCopy;
import io.github.blip2j.io.file.CheckpointException;
import io.github.blip2j.io.tensor.TensorEntry;
import io.github.blip2j.qformer.QformerNames;
import io.github.blip2j.vision.VisionFamilies;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.NavigableMap;
import org.jspecify.annotations.Nullable;

/** The planner of a conversion from LAVIS to Hugging Face. */
final class LavisPlanner {
  private final Path where;
  private final NavigableMap<String, TensorEntry> tensors;
  private final boolean instruct;

  LavisPlanner(Path where, NavigableMap<String, TensorEntry> tensors, VisionFamilies families) {
    this.where = where;
    this.tensors = tensors;
    this.instruct =
        new LavisSizes(where.toString(), tensors, families).takesText()
            && LavisNames.language(tensors).isPresent();
  }

  ConversionPlan plan() throws CheckpointException {
    List<TensorCopy> shared = new ArrayList<>();
    List<TensorCopy> lavisOnly = new ArrayList<>();
    for (TensorEntry entry : tensors.values()) {
      String name = entry.name();
      if (name.endsWith(VALUE_BIAS)) {
        beside(name, VALUE_BIAS, QUERY_BIAS);
      } else if (name.endsWith(KEY_BIAS)) {
        beside(name, KEY_BIAS, QUERY_BIAS);
      } else if (name.endsWith(QUERY_BIAS)) {
        shared.add(fused(entry));
      } else if (QformerNames.isLavisOnly(name)) {
        lavisOnly.add(TensorCopy.whole(name, entry));
      } else {
        shared.add(TensorCopy.whole(known(name), entry));
      }
    }
    return new ConversionPlan(shared, lavisOnly);
  }

  /** The bias of query, key and value that Hugging Face stores as one tensor. */
  private TensorCopy fused(TensorEntry query) throws CheckpointException {
    TensorEntry value = beside(query.name(), QUERY_BIAS, VALUE_BIAS);
    @Nullable TensorEntry key = tensors.get(query.name().replace(QUERY_BIAS, KEY_BIAS));
    String name = known(query.name().replace(QUERY_BIAS, FUSED_BIAS));
    return TensorCopy.joined(name, query, key, value);
  }

  /** The tensor whose name has another end. */
  private TensorEntry beside(String name, String end, String other) throws CheckpointException {
    String wanted = name.substring(0, name.length() - end.length()) + other;
    @Nullable TensorEntry entry = tensors.get(wanted);
    if (entry == null) {
      throw new CheckpointException(
          String.format(Locale.ROOT, "%s: %s expected beside %s, got none", where, wanted, name));
    }
    return entry;
  }

  private String known(String name) throws CheckpointException {
    return ConversionPlan.known(NameTranslation.toHuggingFace(name, instruct), where, name);
  }
}
