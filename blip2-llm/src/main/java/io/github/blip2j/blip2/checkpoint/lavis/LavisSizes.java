package io.github.blip2j.blip2.checkpoint.lavis;

import com.google.gson.JsonObject;
import com.google.gson.stream.JsonWriter;
import io.github.blip2j.blip2.checkpoint.files.AttentionHeads;
import io.github.blip2j.blip2.checkpoint.files.PreprocessorJson;
import io.github.blip2j.blip2.checkpoint.hf.Blip2Json;
import io.github.blip2j.blip2.model.Blip2Config;
import io.github.blip2j.blip2.model.Blip2RetrievalConfig;
import io.github.blip2j.io.Checkpoint;
import io.github.blip2j.io.file.CheckpointException;
import io.github.blip2j.io.file.ConfigJson;
import io.github.blip2j.io.tensor.TensorEntry;
import io.github.blip2j.nn.KeyMap;
import io.github.blip2j.qformer.BertConfig;
import io.github.blip2j.qformer.Blip2QformerConfig;
import io.github.blip2j.qformer.QformerNames;
import io.github.blip2j.vision.LavisEncoder;
import io.github.blip2j.vision.VisionConfig;
import io.github.blip2j.vision.VisionFamilies;
import io.github.blip2j.vision.VisionFamily;
import java.io.IOException;
import java.io.StringWriter;
import java.nio.file.Path;
import java.util.Locale;
import java.util.NavigableMap;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * The sizes of a model of LAVIS, from the shapes of its tensors, and the {@code config.json} with
 * these sizes. Shapes do not show the numbers of attention heads.
 */
public final class LavisSizes {
  private static final String WORDS = "qformer.embeddings.words.weight";
  private static final String QUERIES = "queries";
  private static final String QFORMER_MLP = "qformer.layers.0.queryMlp.up.weight";
  private static final String PATH = "vision";
  private static final int BERT_HEAD_WIDTH = 64;

  private final String where;
  private final LavisShapes shapes;
  private final LavisEncoder encoder;

  /**
   * The sizes of a BLIP-2.
   *
   * @param where the file, for messages
   * @param families the families of vision encoders that are known
   */
  public LavisSizes(
      String where, NavigableMap<String, TensorEntry> tensors, VisionFamilies families) {
    this(where, tensors, families, LavisNames.VISION);
  }

  private LavisSizes(
      String where,
      NavigableMap<String, TensorEntry> tensors,
      VisionFamilies families,
      String visionEncoder) {
    this.where = where;
    this.encoder =
        LavisNames.vision(families, tensors.keySet(), visionEncoder)
            .or(() -> Optional.of(VisionFamilies.EVA)) // a file without one has no names of it
            .flatMap(VisionFamily::lavis)
            .orElseThrow();
    KeyMap.Builder keys = KeyMap.builder();
    encoder.addNames(keys, encoder.released(), PATH, visionEncoder);
    this.shapes = new LavisShapes(where, tensors, QformerNames.addLavis(keys).build());
  }

  /** The sizes in a file of a vision encoder alone, such as {@code eva_vit_g.pth}. */
  static LavisSizes ofVisionEncoder(
      String where, NavigableMap<String, TensorEntry> tensors, VisionFamilies families) {
    return new LavisSizes(where, tensors, families, "");
  }

  /** The heads of the released models: 88 wide in EVA, 64 in BERT. */
  AttentionHeads releasedHeads() throws CheckpointException {
    return new AttentionHeads(releasedVisionHeads(), heads("Q-Former", dim(), BERT_HEAD_WIDTH));
  }

  private int releasedVisionHeads() throws CheckpointException {
    return heads("vision", visionDim(), encoder.headWidth());
  }

  /**
   * Checks that heads divide the widths.
   *
   * @throws CheckpointException if they do not
   */
  public void requireDivided(AttentionHeads heads) throws CheckpointException {
    requireDivided("vision", visionDim(), heads.vision());
    requireDivided("Q-Former", dim(), heads.qformer());
  }

  private void requireDivided(String what, int dim, int heads) throws CheckpointException {
    if (dim % heads != 0) {
      throw new CheckpointException(
          String.format(
              Locale.ROOT,
              "%s: %s expected heads that divide its width of %d, got %d",
              where,
              what,
              dim,
              heads));
    }
  }

  private int heads(String what, int dim, int width) throws CheckpointException {
    if (dim % width != 0) {
      throw new CheckpointException(
          String.format(
              Locale.ROOT,
              "%s: %s expected heads of width %d, got width %d in all; %s",
              where,
              what,
              width,
              dim,
              "give both numbers of heads (--heads-vision, --heads-qformer), or a model.json"));
    }
    return dim / width;
  }

  /** The sizes of the vision encoder. EVA's has no key bias. */
  VisionConfig vision(int heads) throws CheckpointException {
    return encoder.sizes(where, shapes, PATH, heads);
  }

  /**
   * The sizes of everything but the vision encoder.
   *
   * @param visionNormEps epsilon of the norm after the vision encoder, or null for LAVIS's own
   */
  Blip2QformerConfig qformer(int heads, @Nullable Double visionNormEps, int maxTextTokens)
      throws IOException {
    var text = new StringWriter();
    var json = new JsonWriter(text);
    json.beginObject();
    qformer(json, heads);
    json.endObject().close();
    return new Blip2QformerConfig(
        BertConfig.fromJson(ConfigJson.parse(where, text.toString()), visionDim()),
        shapes.size(QUERIES, 1),
        shapes.size("visionProjection.weight", 0),
        visionNormEps == null ? Blip2QformerConfig.LAVIS_VISION_NORM_EPS : visionNormEps,
        maxTextTokens);
  }

  /** Whether the Q-Former has text embeddings; in a second stage, only InstructBLIP's has. */
  boolean takesText() {
    return shapes.has(WORDS);
  }

  /**
   * The sizes of the Q-Former of a second stage. It takes only queries or, in InstructBLIP, text
   * too.
   *
   * @param encoderDim width of the vision encoder, which such a file may lack
   */
  BertConfig secondStage(int heads, int encoderDim) throws IOException {
    var text = new StringWriter();
    var json = new JsonWriter(text);
    json.beginObject();
    layers(json, heads);
    if (takesText()) {
      text(json);
    }
    json.endObject().close();
    return BertConfig.fromJson(ConfigJson.parse(where, text.toString()), encoderDim);
  }

  /** Number of queries. */
  int queries() throws CheckpointException {
    return shapes.size(QUERIES, 1);
  }

  /**
   * The {@code config.json} of a {@code Blip2ForImageTextRetrieval}.
   *
   * @param visionNormEps epsilon of the norm after the vision encoder, or null for Hugging Face's
   *     own
   */
  public String configJson(AttentionHeads heads, @Nullable Double visionNormEps)
      throws IOException {
    var text = new StringWriter();
    var json = new JsonWriter(text);
    json.setIndent("  ");
    json.beginObject();
    json.name("architectures").beginArray().value("Blip2ForImageTextRetrieval").endArray();
    json.name("model_type").value("blip-2");
    json.name("dtype").value(shapes.dtype());
    json.name("image_text_hidden_size").value(shapes.size("visionProjection.weight", 0));
    json.name("num_query_tokens").value(shapes.size(QUERIES, 1));
    json.name("qformer_config").beginObject();
    qformer(json, heads.qformer());
    json.endObject().name("text_config").beginObject().name("model_type").value("opt").endObject();
    JsonObject vision = Blip2Json.vision(vision(heads.vision()), false);
    if (visionNormEps != null) {
      vision.addProperty(Blip2Config.VISION_NORM_EPS, visionNormEps);
    }
    json.name("vision_config").jsonValue(vision.toString());
    json.endObject().close();
    return text + "\n";
  }

  /** The {@code preprocessor_config.json} that goes with it. */
  public String preprocessorJson() throws CheckpointException {
    int side = vision(1).imageSize(); // whatever the heads
    return PreprocessorJson.of(side, "Blip2Processor");
  }

  private void qformer(JsonWriter json, int heads) throws IOException {
    json.name("model_type").value("blip_2_qformer");
    layers(json, heads);
    json.name("encoder_hidden_size").value(visionDim());
    text(json);
  }

  private void text(JsonWriter json) throws IOException {
    json.name("vocab_size").value(shapes.size(WORDS, 0));
    json.name("max_position_embeddings")
        .value(shapes.size("qformer.embeddings.positions.weight", 0));
    json.name("use_qformer_text_input").value(true);
  }

  private void layers(JsonWriter json, int heads) throws IOException {
    json.name("hidden_size").value(dim());
    json.name("num_hidden_layers").value(shapes.count(QFORMER_MLP));
    json.name("num_attention_heads").value(heads);
    json.name("intermediate_size").value(shapes.size(QFORMER_MLP, 0));
    json.name("cross_attention_frequency").value(crossAttentionEvery());
    json.name("hidden_act").value("gelu");
    json.name("layer_norm_eps").value(1e-12);
  }

  private int dim() throws CheckpointException {
    return shapes.size(QUERIES, 2);
  }

  private int visionDim() throws CheckpointException {
    return encoder.dim(shapes, PATH);
  }

  /**
   * The index of the second layer with cross-attention, or the number of layers if only the first
   * has it.
   */
  private int crossAttentionEvery() {
    int layers = shapes.count(QFORMER_MLP);
    for (int layer = 1; layer < layers; layer++) {
      if (shapes.has("qformer.layers." + layer + ".imageAttention.query.weight")) {
        return layer;
      }
    }
    return layers;
  }

  /** The heads in the {@code model.json} beside a checkpoint, or those of the released models. */
  public static AttentionHeads headsBeside(Path checkpoint, LavisSizes sizes) throws IOException {
    @Nullable ModelJson told = ModelJson.beside(checkpoint);
    return told == null ? sizes.releasedHeads() : told.heads();
  }

  /** The attention heads of the vision encoder, from a {@code model.json} or as released. */
  int visionHeadsBeside(Path checkpoint) throws IOException {
    @Nullable ModelJson told = ModelJson.beside(checkpoint);
    return told == null ? releasedVisionHeads() : told.visionHeads();
  }

  /** The attention heads of the Q-Former, from a {@code model.json} or as released. */
  int qformerHeadsBeside(Path checkpoint) throws IOException {
    @Nullable ModelJson told = ModelJson.beside(checkpoint);
    return told == null ? heads("Q-Former", dim(), BERT_HEAD_WIDTH) : told.qformerHeads();
  }

  /**
   * Reads the sizes of a first stage of LAVIS. Heads, text length and the epsilon of the norm after
   * the vision encoder come from a {@code model.json} beside the file, or else from the released
   * models.
   *
   * @param file the file of the checkpoint
   */
  public static Blip2RetrievalConfig stageOne(
      Path file, Checkpoint checkpoint, VisionFamilies families) throws IOException {
    var sizes = new LavisSizes(file.toString(), checkpoint.tensors(), families);
    AttentionHeads heads = headsBeside(file, sizes);
    @Nullable ModelJson told = ModelJson.beside(file);
    int maxTextTokens =
        told == null
            ? Blip2RetrievalConfig.MAX_TEXT_TOKENS
            : told.maxTextTokens(Blip2RetrievalConfig.MAX_TEXT_TOKENS);
    @Nullable Double visionNormEps = ModelJson.visionNormEpsBeside(file);
    return new Blip2RetrievalConfig(
        sizes.vision(heads.vision()), sizes.qformer(heads.qformer(), visionNormEps, maxTextTokens));
  }
}
