package io.github.blip2j.adapter;

import io.github.blip2j.io.file.CheckpointException;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/** Sorts the tensors of an adapter file by their names. */
final class AdapterTensors {
  private static final String ROOT = "base_model.model.";

  /** Names of a module's factors; older files include the adapter's name. */
  private static final Pattern PART =
      Pattern.compile("(.+)\\.lora_(A|B)(?:\\.default)?\\.(weight|bias)");

  /** A part of the names of tensors that replace the base model's. */
  private static final Pattern WRAPPED =
      Pattern.compile("\\.(?:modules_to_save(?:\\.default)?|base_layer)(?=\\.)");

  /**
   * Embeddings that another layer may be tied to, so that the name does not tell which tensors
   * change.
   */
  private static final Pattern TABLE =
      Pattern.compile("(?:.*\\.)?(?:embed_tokens|shared|word_embeddings)\\.weight");

  private final String where;
  private final Map<String, String> a = new TreeMap<>(); // by module
  private final Map<String, String> b = new TreeMap<>();
  private final Map<String, String> shifts = new TreeMap<>();
  private final Map<String, Change> changes = new TreeMap<>(); // by tensor of the base model

  private AdapterTensors(String where) {
    this.where = where;
  }

  /**
   * The change of each tensor of the base model, by its name there.
   *
   * @param where the adapter, for messages
   * @throws CheckpointException naming a tensor that does not belong to a LoRA adapter
   */
  static Map<String, Change> sort(String where, Set<String> names) throws CheckpointException {
    var sorted = new AdapterTensors(where);
    for (String name : names) {
      sorted.add(name);
    }
    sorted.pair();
    return sorted.changes;
  }

  private void add(String name) throws CheckpointException {
    if (!name.startsWith(ROOT)) {
      throw refused("names expected to begin with " + ROOT, name);
    }
    String own = name.substring(ROOT.length());
    Matcher part = PART.matcher(own);
    if (part.matches()) {
      boolean bias = part.group(3).equals("bias");
      if (bias && part.group(2).equals("A")) {
        throw refused("lora_A expected without a bias", name);
      }
      put(bias ? shifts : part.group(2).equals("A") ? a : b, part.group(1), name);
      return;
    }
    String target = WRAPPED.matcher(own).replaceAll("");
    if (own.contains("lora_") || own.contains("token_adapter")) {
      throw refused("lora_A and lora_B of linear maps expected", name);
    }
    if (TABLE.matcher(target).matches()) {
      throw refused("embeddings expected to be the base's", name);
    }
    put(changes, target, new Change.Replacement(name));
  }

  private void pair() throws CheckpointException {
    Set<String> modules = new TreeSet<>(a.keySet());
    modules.addAll(b.keySet());
    modules.addAll(shifts.keySet());
    for (String module : modules) {
      @Nullable String first = a.get(module);
      @Nullable String second = b.get(module);
      if (first == null || second == null) {
        throw refused("lora_A and lora_B expected of each module, got one alone", module);
      }
      var product = new Change.Product(module, first, second);
      put(changes, module + ".weight", product);
      @Nullable String shift = shifts.get(module);
      if (shift != null) {
        put(changes, module + ".bias", new Change.Shift(product, shift));
      }
    }
  }

  private <T> void put(Map<String, T> map, String key, T value) throws CheckpointException {
    if (map.put(key, value) != null) {
      throw refused("one change of each tensor expected, got two", key);
    }
  }

  private CheckpointException refused(String what, String name) {
    String got = what.contains(", got ") ? " of " : ", got ";
    return new CheckpointException(where + ": " + what + got + name + LoraAdapter.MERGE_IN_PYTHON);
  }
}
