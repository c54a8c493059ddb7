package io.github.blip2j.blip2.checkpoint;

import com.google.gson.GsonBuilder;
import com.google.gson.JsonObject;
import com.google.gson.JsonParser;
import io.github.blip2j.adapter.LoraAdapter;
import io.github.blip2j.autograd.GradMode;
import io.github.blip2j.backend.Int8Weight;
import io.github.blip2j.blip2.checkpoint.files.Descriptions;
import io.github.blip2j.blip2.checkpoint.files.InstructionTokenizerFolder;
import io.github.blip2j.blip2.checkpoint.files.Quantization;
import io.github.blip2j.blip2.checkpoint.files.TokenizerCopy;
import io.github.blip2j.blip2.checkpoint.hf.FolderSettings;
import io.github.blip2j.blip2.checkpoint.hf.ModelFolder;
import io.github.blip2j.io.Checkpoint;
import io.github.blip2j.io.ShardedSafetensorsWriter;
import io.github.blip2j.io.file.CheckpointException;
import io.github.blip2j.io.file.OutputFile;
import io.github.blip2j.io.tensor.TensorEntry;
import io.github.blip2j.io.tensor.TensorSpec;
import io.github.blip2j.tensor.Scope;
import io.github.blip2j.tensor.Tensor;
import io.github.blip2j.tensor.types.DType;
import io.github.blip2j.tensor.types.Shape;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;

/** Writes a model's folder anew with weights of another type. */
public final class WeightTypes {
  private static final String SCALE = "_scale";
  private static final int CHUNK = 1 << 22; // elements

  /** Names of matrices that are no linear maps: tables of embeddings, and heads tied to them. */
  private static final List<String> TABLES =
      List.of("embed", "shared.", "relative_attention_bias", "lm_head", "positions");

  /** The type's name in {@code config.json}, as torch spells it. */
  private static final Map<DType, String> NAMES =
      Map.of(
          DType.FLOAT32, "float32",
          DType.FLOAT16, "float16",
          DType.BFLOAT16, "bfloat16",
          DType.INT8, "bfloat16");

  private WeightTypes() {}

  /**
   * Writes the model with its weights in another type.
   *
   * <p>{@link DType#INT8} rounds the matrices of linear maps to bytes, with a float32 scale for
   * each row, as {@link Int8Weight} does while loading: computing in int8, the folder gives the
   * same numbers as the original. Tables of embeddings and kernels of convolutions become bfloat16,
   * vectors keep their type. The format is compressed-tensors' int-quantized. Another type is that
   * of every floating-point tensor.
   *
   * @param model a folder of Hugging Face with {@code config.json}, of a BLIP-2 or of one of its
   *     parts, which stays as it is
   * @param type {@link DType#FLOAT32}, {@link DType#FLOAT16}, {@link DType#BFLOAT16} or {@link
   *     DType#INT8}
   * @param target is created if there is none
   * @throws CheckpointException if the folder is no model, or has bytes without a scale, or a value
   *     is finite in the old type and not in the new one, or not finite and would become a byte
   * @throws IllegalArgumentException if {@code type} is another one, or the target is the model
   */
  public static void convert(Path model, DType type, Path target) throws IOException {
    if (!NAMES.containsKey(type)) {
      throw new IllegalArgumentException(
          "convert: type expected FLOAT32, FLOAT16, BFLOAT16 or INT8, got " + type);
    }
    var place = new ConversionTarget(target);
    place.requireNone(model);
    place.requireReplaceable();
    requireFolder(model);
    ModelFolder.config(model);
    LoraAdapter.requireNone(model, "model to convert");
    try (Checkpoint from = Checkpoint.open(model)) {
      Quantization.requireNone(model, from);
      List<TensorSpec> specs = new ArrayList<>();
      for (TensorEntry entry : from.tensors().values()) {
        specs.addAll(specs(entry, type));
      }
      place.requireKept(specs);
      OutputFile.makeFolder(target);
      try (var descriptions = Descriptions.of(target)) {
        describe(model, type, descriptions.path());
        try (var writer = ShardedSafetensorsWriter.create(target, specs)) {
          for (TensorEntry entry : from.tensors().values()) {
            write(from, entry, type, writer);
          }
          Path rest = model.resolve(RetrievalLoader.LAVIS_ONLY);
          descriptions.begin(Files.exists(rest));
          if (Files.exists(rest)) {
            OutputFile.write(target.resolve(RetrievalLoader.LAVIS_ONLY), Files.readAllBytes(rest));
          }
        }
        descriptions.end();
      }
    }
  }

  private static void requireFolder(Path model) throws CheckpointException {
    if (Files.exists(model)
        && !Files.exists(model.resolve("config.json"))
        && !LoraAdapter.isIn(model)) {
      throw new CheckpointException(
          model
              + ": Hugging Face folder with a config.json expected, got "
              + (Files.isDirectory(model) ? "one without it" : "a file")
              + "; name a model's folder, or convert a checkpoint of LAVIS to one first"
              + " (Conversion.toHuggingFace, --from lavis)");
    }
  }

  private static void describe(Path model, DType type, Path target) throws IOException {
    new FolderSettings(model).copy(target);
    TokenizerCopy.copy(model, target);
    if (InstructionTokenizerFolder.isIn(model)) {
      InstructionTokenizerFolder.copy(InstructionTokenizerFolder.in(model), target);
    }
    Path file = model.resolve("config.json");
    JsonObject config = JsonParser.parseString(Files.readString(file)).getAsJsonObject();
    Quantization.forget(config);
    for (String key : List.of("dtype", "torch_dtype")) {
      if (config.has(key)) {
        config.addProperty(key, NAMES.get(type));
      }
    }
    if (type == DType.INT8) {
      config.add("quantization_config", JsonParser.parseString(INT_QUANTIZED));
    }
    var gson = new GsonBuilder().setPrettyPrinting().serializeNulls().create();
    OutputFile.write(target.resolve("config.json"), gson.toJson(config) + "\n");
  }

  private static final String INT_QUANTIZED =
      """
      {
        "quant_method": "compressed-tensors",
        "format": "int-quantized",
        "quantization_status": "compressed",
        "config_groups": {
          "group_0": {
            "targets": ["Linear"],
            "weights": {
              "num_bits": 8, "type": "int", "symmetric": true, "strategy": "channel", "dynamic": false
            },
            "input_activations": null,
            "output_activations": null
          }
        },
        "ignore": ["lm_head"]
      }
      """;

  /** The tensors that a tensor becomes. */
  private static List<TensorSpec> specs(TensorEntry entry, DType type) throws CheckpointException {
    if (entry.dtype() == DType.INT8) { // those with a scale read as float32
      throw new CheckpointException(
          String.format(
              Locale.ROOT,
              "%s: %s expected with its scale, %s%s, got bytes alone; save the model without"
                  + " quantization",
              entry.fileName(),
              entry.name(),
              entry.name(),
              SCALE));
    }
    DType stored = typeOf(entry, type);
    TensorSpec spec = new TensorSpec(entry.name(), stored, entry.shape());
    if (stored != DType.INT8) {
      return List.of(spec);
    }
    Shape rows = Shape.of(entry.shape().dim(0), 1);
    return List.of(spec, new TensorSpec(entry.name() + SCALE, DType.FLOAT32, rows));
  }

  private static DType typeOf(TensorEntry entry, DType type) throws CheckpointException {
    if (!entry.dtype().isFloating()) {
      return entry.dtype();
    }
    if (type != DType.INT8) {
      return type;
    }
    if (entry.shape().rank() < 2) {
      return entry.dtype();
    }
    return isLinear(entry) ? DType.INT8 : DType.BFLOAT16;
  }

  private static boolean isLinear(TensorEntry entry) {
    String name = entry.name();
    return entry.shape().rank() == 2
        && name.endsWith(".weight")
        && TABLES.stream().noneMatch(name::contains);
  }

  private static void write(
      Checkpoint from, TensorEntry entry, DType type, ShardedSafetensorsWriter to)
      throws IOException {
    DType target = typeOf(entry, type);
    Shape shape = entry.shape();
    long width = shape.rank() == 0 || shape.dim(0) == 0 ? 1 : shape.size() / shape.dim(0);
    long most = Math.max(1, CHUNK / Math.max(1, width));
    long rows = shape.size() / Math.max(1, width);
    for (long first = 0; first < rows; first += most) {
      long count = Math.min(most, rows - first);
      long begin = first * width * entry.dtype().byteSize();
      try (Scope scope = Scope.open();
          var off = GradMode.noGrad()) {
        Tensor part =
            Tensor.read(
                entry.name(),
                entry.dtype(),
                Shape.of(count, width),
                (at, into) -> from.read(entry.name(), begin + at, into));
        if (target == DType.INT8) {
          writeBytes(part.to(DType.FLOAT32), entry, to);
        } else {
          Tensor converted = target == part.dtype() ? part : part.to(target);
          requireFinite(part, converted, entry);
          converted.write(bytes -> to.write(entry.name(), bytes));
        }
      }
    }
  }

  private static void writeBytes(Tensor rows, TensorEntry entry, ShardedSafetensorsWriter to)
      throws IOException {
    int width = Math.toIntExact(rows.shape().dim(1));
    int count = Math.toIntExact(rows.shape().dim(0));
    float[] values = rows.toFloats();
    float[] row = new float[width];
    byte[] rounded = new byte[width];
    ByteBuffer bytes = ByteBuffer.allocate(values.length);
    ByteBuffer scales = ByteBuffer.allocate(count * Float.BYTES).order(ByteOrder.LITTLE_ENDIAN);
    for (int i = 0; i < count; i++) {
      System.arraycopy(values, i * width, row, 0, width);
      float scale = Int8Weight.round(row, rounded);
      if (!Float.isFinite(scale)) {
        throw new CheckpointException(
            String.format(
                Locale.ROOT,
                "%s: values of %s expected finite for int8, got %s; take bfloat16",
                entry.fileName(),
                entry.name(),
                Float.isNaN(scale) ? "NaN" : "Infinity"));
      }
      scales.putFloat(scale);
      bytes.put(rounded);
    }
    to.write(entry.name(), bytes.flip());
    to.write(entry.name() + SCALE, scales.flip());
  }

  /** Float16 ends at 65,504: a greater value would become infinite. */
  private static void requireFinite(Tensor from, Tensor to, TensorEntry entry)
      throws CheckpointException {
    if (to.dtype() != DType.FLOAT16 || from.dtype() == DType.FLOAT16) {
      return;
    }
    float[] before = from.to(DType.FLOAT32).toFloats();
    float[] after = to.to(DType.FLOAT32).toFloats();
    for (int i = 0; i < before.length; i++) {
      if (Float.isInfinite(after[i]) && !Float.isInfinite(before[i])) {
        throw new CheckpointException(
            String.format(
                Locale.ROOT,
                "%s: values of %s expected within float16's 65504, got %s; take bfloat16",
                entry.fileName(),
                entry.name(),
                before[i]));
      }
    }
  }
}
