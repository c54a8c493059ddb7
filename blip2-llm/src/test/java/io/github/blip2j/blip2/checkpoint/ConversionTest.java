package io.github.blip2j.blip2.checkpoint;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.github.blip2j.blip2.Fixture;
import io.github.blip2j.blip2.checkpoint.files.AttentionHeads;
import io.github.blip2j.blip2.checkpoint.lavis.KeyBias;
import io.github.blip2j.golden.Fixtures;
import io.github.blip2j.io.Checkpoint;
import io.github.blip2j.io.file.CheckpointException;
import io.github.blip2j.io.file.ConfigJson;
import io.github.blip2j.io.safetensors.SafetensorsWriter;
import io.github.blip2j.io.tensor.TensorEntry;
import io.github.blip2j.io.tensor.TensorSpec;
import io.github.blip2j.io.torch.TorchWriter;
import io.github.blip2j.tensor.types.DType;
import io.github.blip2j.tensor.types.Shape;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.HexFormat;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

public final class ConversionTest {
  private static final Path LAVIS = Fixtures.own("lavis-stage1").resolve("checkpoint.pth");
  private static final Path HUGGING_FACE = Fixtures.own("hf-itm");

  private final Path folder;

  ConversionTest(@TempDir Path folder) {
    this.folder = folder;
  }

  @Test
  void toHuggingFaceAndBack_lavis_isTheSameByteForByte() throws IOException {
    Conversion.toHuggingFace(LAVIS, folder.resolve("hf"));
    Conversion.toLavis(folder.resolve("hf"), folder.resolve("back.pth"));

    assertEquals(tensors(LAVIS), tensors(folder.resolve("back.pth")));
  }

  @Test
  void toLavisAndBack_huggingFace_isTheSameByteForByte() throws IOException {
    Path lavis = folder.resolve("lavis.pth");
    Conversion.toLavis(HUGGING_FACE, lavis, KeyBias.KEEP); // drawn, not trained: no zeros
    Conversion.toHuggingFace(lavis, folder.resolve("hf"), new AttentionHeads(4, 4));

    assertEquals(tensors(HUGGING_FACE), tensors(folder.resolve("hf")));
  }

  @Test
  void toHuggingFace_lavis_hasTheNamesOfHuggingFace() throws IOException {
    Conversion.toHuggingFace(LAVIS, folder);

    // Both have three blocks and four layers, of which every second reads the image.
    assertEquals(tensors(HUGGING_FACE).keySet(), tensors(folder).keySet());
    assertEquals(
        List.of(
            "Qformer.bert.embeddings.position_ids",
            "Qformer.cls.predictions.bias",
            "Qformer.cls.predictions.decoder.bias",
            "Qformer.cls.predictions.decoder.weight",
            "Qformer.cls.predictions.transform.LayerNorm.bias",
            "Qformer.cls.predictions.transform.LayerNorm.weight",
            "Qformer.cls.predictions.transform.dense.bias",
            "Qformer.cls.predictions.transform.dense.weight",
            "temp"),
        List.copyOf(tensors(folder.resolve(RetrievalLoader.LAVIS_ONLY)).keySet()));
  }

  @Test
  void toHuggingFace_lavis_writesSizesAndTokenizer() throws IOException {
    Conversion.toHuggingFace(LAVIS, folder);

    ConfigJson config = ConfigJson.read(folder.resolve("config.json"));
    ConfigJson vision = config.child("vision_config");
    ConfigJson qformer = config.child("qformer_config");
    assertEquals(List.of("Blip2ForImageTextRetrieval"), config.stringsAt("architectures"));
    assertEquals("float32", config.stringAt("dtype"));
    assertEquals(
        List.of(6, 16),
        List.of(config.intAt("num_query_tokens"), config.intAt("image_text_hidden_size")));
    assertEquals(
        List.of(48, 3, 4, 144, 32, 8),
        ints(
            vision,
            "hidden_size",
            "num_hidden_layers",
            "num_attention_heads",
            "intermediate_size",
            "image_size",
            "patch_size"));
    assertEquals(
        List.of(32, 4, 4, 64, 2, 253, 64),
        ints(
            qformer,
            "hidden_size",
            "num_hidden_layers",
            "num_attention_heads",
            "intermediate_size",
            "cross_attention_frequency",
            "vocab_size",
            "max_position_embeddings"));
    assertEquals(
        -1, Files.mismatch(LAVIS.resolveSibling("vocab.txt"), folder.resolve("vocab.txt")));
    assertEquals(
        32,
        ConfigJson.read(folder.resolve("preprocessor_config.json")).child("size").intAt("height"));
  }

  @Test
  void toHuggingFace_headsThatNobodyTells_areAskedFor() throws IOException {
    Path alone = Files.copy(LAVIS, folder.resolve("a.pth"));

    assertEquals(
        alone
            + ": vision expected heads of width 88, got width 48 in all; give both numbers of heads"
            + " (--heads-vision, --heads-qformer), or a model.json",
        failure(alone));
  }

  @Test
  void toHuggingFace_headsThatDoNotDivideTheWidth_areRefusedBeforeAnyWrite() {
    Path out = folder.resolve("out");

    var e =
        assertThrows(
            CheckpointException.class,
            () -> Conversion.toHuggingFace(LAVIS, out, new AttentionHeads(5, 4)));

    assertEquals(
        LAVIS + ": vision expected heads that divide its width of 48, got 5", e.getMessage());
    assertFalse(Files.exists(out));
  }

  @Test
  void toHuggingFace_folderWithOneFile_isThatFile() throws IOException {
    Path whole = Files.createDirectory(folder.resolve("lavis"));
    for (String name : List.of("checkpoint.pth", "model.json")) {
      Files.copy(LAVIS.resolveSibling(name), whole.resolve(name));
    }

    Conversion.toHuggingFace(whole, folder.resolve("of-folder"));
    Conversion.toHuggingFace(whole.resolve("checkpoint.pth"), folder.resolve("of-file"));

    assertEquals(
        -1,
        Files.mismatch(
            folder.resolve("of-folder/model.safetensors"),
            folder.resolve("of-file/model.safetensors")));
    Files.delete(whole.resolve("checkpoint.pth"));
    assertEquals(
        whole
            + ": checkpoint of LAVIS (.pth) expected, got a folder without one; a folder of Hugging"
            + " Face is loaded as it is",
        failure(whole));
  }

  @Test
  void toHuggingFace_halvesAmongFloats_keepTheirTypes() throws IOException {
    Path half =
        save(
            new TensorSpec("opt_proj.weight", DType.FLOAT16, Shape.of(3, 2)),
            new TensorSpec("visual_encoder.blocks.0.attn.q_bias", DType.FLOAT32, Shape.of(2)),
            new TensorSpec("visual_encoder.blocks.0.attn.v_bias", DType.FLOAT32, Shape.of(2)));
    Files.writeString(folder.resolve("config.json"), "{}");

    Conversion.toHuggingFace(half, folder);

    assertEquals(
        Map.of(
            "language_projection.weight", "FLOAT16 [3, 2] 000000000000000000000000",
            "vision_model.encoder.layers.0.self_attn.qkv.bias",
                "FLOAT32 [6] 010101010101010100000000000000000202020202020202"),
        tensors(folder));
  }

  @Test
  void toHuggingFace_languageModelOfUnknownSizes_asksForItsConfig() throws IOException {
    Path stage2 = save(new TensorSpec("opt_proj.weight", DType.FLOAT32, Shape.of(1)));

    assertEquals(
        folder.resolve("out").resolve("config.json")
            + ": sizes of the language model expected, got none; copy its folder's file there, or"
            + " name the language model's own folder",
        failure(stage2));
  }

  @Test
  void toHuggingFace_trainedPartOverAWholeModel_isRefused() throws IOException {
    Path trained = folder.resolve("trained.pth");
    Conversion.toLavisTrained(Fixture.HF_OPT, trained);
    Path whole = Fixture.copyTo(Files.createDirectory(folder.resolve("out")));
    Map<String, String> before = tensors(whole);

    assertEquals(
        whole
            + ": tensors expected of all parts that config.json describes, got none of"
            + " language_model.*, vision_model.encoder.*; name the language model's own folder with"
            + " --language, and the vision encoder with --vision",
        failure(trained));
    assertEquals(before, tensors(whole));
  }

  @Test
  void toHuggingFace_overAnotherModel_isRefused() throws IOException {
    Path whole = Fixture.copyTo(Files.createDirectory(folder.resolve("out")));
    Fixture.shard(whole);
    Map<String, String> before = tensors(whole);

    String message = failure(LAVIS);

    assertTrue(
        message.startsWith(whole + ": weights expected to be replaced whole, got "), message);
    assertTrue(message.contains("language_model."), message);
    assertTrue(message.endsWith(", ...); name a new folder"), message);
    assertEquals(before, tensors(whole));
    assertTrue(Files.exists(whole.resolve(Fixture.shardName(0))));
  }

  @Test
  void toHuggingFace_twice_replacesTheSameModel() throws IOException {
    Conversion.toHuggingFace(LAVIS, folder);
    Conversion.toHuggingFace(LAVIS, folder);

    assertEquals(tensors(HUGGING_FACE).keySet(), tensors(folder).keySet());
  }

  @Test
  void toHuggingFace_weightsThatCannotBeWritten_leavesNoDescription() throws IOException {
    Files.createDirectories(folder.resolve("out").resolve(RetrievalLoader.LAVIS_ONLY));

    assertThrows(IOException.class, () -> Conversion.toHuggingFace(LAVIS, folder.resolve("out")));

    assertFalse(Files.exists(folder.resolve("out").resolve("config.json")));
    assertFalse(Files.exists(folder.resolve("out").resolve("vocab.txt")));
  }

  @Test
  void toLavis_overTheWeightsThatAreRead_isRefused() throws IOException {
    Path whole = Fixture.copyTo(Files.createDirectory(folder.resolve("out")));
    Path weights = whole.resolve(Fixture.WEIGHTS);
    Map<String, String> before = tensors(whole);

    for (Path target : List.of(weights, whole)) {
      var thrown =
          assertThrows(
              IllegalArgumentException.class,
              () -> Conversion.toLavis(whole, target, KeyBias.KEEP));

      assertEquals(
          target + ": target expected to be none of the inputs, got one of them; name another",
          thrown.getMessage());
    }
    assertThrows(IllegalArgumentException.class, () -> Conversion.toLavisTrained(whole, weights));
    assertEquals(before, tensors(whole));
  }

  @Test
  void toHuggingFaceAndBack_instructBlip_isTheSame() throws IOException {
    String bert = "Qformer.bert.embeddings.";
    for (String kind : List.of("t5", "llm")) {
      String model =
          kind.equals("t5")
              ? "t5_model.shared.weight"
              : "llm_model.model.layers.0.mlp.gate_proj.weight";
      Path lavis =
          save(
              new TensorSpec(bert + "word_embeddings.weight", DType.FLOAT32, Shape.of(2, 3)),
              new TensorSpec(bert + "position_embeddings.weight", DType.FLOAT16, Shape.of(2, 3)),
              new TensorSpec(bert + "LayerNorm.bias", DType.FLOAT32, Shape.of(3)),
              new TensorSpec(model, DType.BFLOAT16, Shape.of(3)),
              new TensorSpec(kind + "_proj.weight", DType.FLOAT32, Shape.of(4, 3)));
      Path huggingFace = Files.createDirectories(folder.resolve(kind));
      Files.writeString(huggingFace.resolve("config.json"), "{}");

      Conversion.toHuggingFace(lavis, huggingFace);
      Conversion.toLavis(huggingFace, folder.resolve(kind + ".pth"));

      assertEquals(
          List.of(
              "language_model." + model.substring(model.indexOf('.') + 1),
              "language_projection.weight",
              "qformer.embeddings.layernorm.bias",
              "qformer.embeddings.position_embeddings.weight",
              "qformer.embeddings.word_embeddings.weight"),
          List.copyOf(tensors(huggingFace).keySet()));
      assertEquals(tensors(lavis), tensors(folder.resolve(kind + ".pth")));
    }
  }

  @Test
  void toHuggingFace_clip_isRefused() throws IOException {
    Path clip = save(new TensorSpec("visual_encoder.conv1.weight", DType.FLOAT32, Shape.of(1)));

    assertEquals(
        clip + ": visual_encoder expected an EVA, got a CLIP; Hugging Face has no such BLIP-2",
        failure(clip));
  }

  @Test
  void toHuggingFace_tensorOfSomethingElse_isNamed() throws IOException {
    Path other = save(new TensorSpec("resnet.weight", DType.FLOAT32, Shape.of(1)));

    assertEquals(
        other + ": tensors expected to be those of BLIP-2, got resnet.weight", failure(other));
  }

  @Test
  void toHuggingFace_biasWithoutItsPartner_isNamed() throws IOException {
    String block = "visual_encoder.blocks.0.attn.";
    Path query = save(new TensorSpec(block + "q_bias", DType.FLOAT32, Shape.of(1)));
    assertEquals(
        query + ": " + block + "v_bias expected beside " + block + "q_bias, got none",
        failure(query));

    Path both =
        save(
            new TensorSpec(block + "q_bias", DType.FLOAT32, Shape.of(1)),
            new TensorSpec(block + "v_bias", DType.FLOAT16, Shape.of(2)));
    assertEquals(
        block + "v_bias: tensor expected as " + block + "q_bias, FLOAT32 [1], got FLOAT16 [2]",
        failure(both));
  }

  @Test
  void toLavis_biasOfKeys_isRefused() throws IOException {
    String name = "vision_model.encoder.layers.0.self_attn.qkv.bias";
    var spec = new TensorSpec(name, DType.FLOAT32, Shape.of(3));
    try (var writer =
        SafetensorsWriter.create(folder.resolve("model.safetensors"), List.of(spec))) {
      writer.write(name, ByteBuffer.allocate(12).put(6, (byte) 1));
    }

    var thrown =
        assertThrows(
            CheckpointException.class, () -> Conversion.toLavis(folder, folder.resolve("out.pth")));

    assertEquals(
        folder
            + ": vision_model.encoder.layers.0.self_attn.qkv.bias expected zeros in its middle"
            + " third, got a bias of keys, which LAVIS has not; KeyBias.KEEP keeps it",
        thrown.getMessage());
  }

  @Test
  void toLavis_biasThatIsNoThreeVectors_isRefused() throws IOException {
    String name = "vision_model.encoder.layers.0.self_attn.qkv.bias";
    var spec = new TensorSpec(name, DType.UINT8, Shape.of(4));
    Path weights = folder.resolve("model.safetensors");
    try (var writer = SafetensorsWriter.create(weights, List.of(spec))) {
      writer.write(name, ByteBuffer.allocate(4));
    }

    var thrown =
        assertThrows(
            CheckpointException.class, () -> Conversion.toLavis(folder, folder.resolve("out.pth")));

    assertEquals(name + ": shape expected three times a width, got [4]", thrown.getMessage());
  }

  @Test
  void toHuggingFace_firstStageWithoutItsTower_isRefused() throws IOException {
    Path part = save(new TensorSpec("itm_head.weight", DType.FLOAT32, Shape.of(2)));

    assertEquals(
        part + ": visual_encoder.pos_embed expected with at least 3 axes, got none", failure(part));
  }

  @Test
  void toHuggingFace_positionsThatAreNoSquare_areRefused() throws IOException {
    String embeddings = "Qformer.bert.embeddings.";
    String layer = "Qformer.bert.encoder.layer.0.";
    Path odd =
        save(
            new TensorSpec("itm_head.weight", DType.UINT8, Shape.of(2, 64)),
            new TensorSpec("vision_proj.weight", DType.UINT8, Shape.of(3, 64)),
            new TensorSpec("query_tokens", DType.UINT8, Shape.of(1, 1, 64)),
            new TensorSpec(embeddings + "word_embeddings.weight", DType.UINT8, Shape.of(1, 64)),
            new TensorSpec(embeddings + "position_embeddings.weight", DType.UINT8, Shape.of(1, 64)),
            new TensorSpec(layer + "intermediate_query.dense.weight", DType.UINT8, Shape.of(1, 64)),
            new TensorSpec("visual_encoder.blocks.0.mlp.fc1.weight", DType.UINT8, Shape.of(1, 88)),
            new TensorSpec("visual_encoder.pos_embed", DType.UINT8, Shape.of(1, 4, 88)));

    assertEquals(
        odd + ": vision positions expected for a square and the class, got 4", failure(odd));
  }

  /** A file of LAVIS whose first tensor is of zeros, the second of ones, and so on. */
  private Path save(TensorSpec... specs) throws IOException {
    Path file = folder.resolve("a.pth");
    try (var writer = TorchWriter.createUnder("model", file, List.of(specs))) {
      for (int i = 0; i < specs.length; i++) {
        byte[] bytes = new byte[(int) specs[i].byteSize()];
        Arrays.fill(bytes, (byte) i);
        writer.write(specs[i].name(), ByteBuffer.wrap(bytes));
      }
    }
    return file;
  }

  private String failure(Path lavis) {
    var thrown =
        assertThrows(
            CheckpointException.class,
            () -> Conversion.toHuggingFace(lavis, folder.resolve("out")));
    return String.valueOf(thrown.getMessage());
  }

  private static List<Integer> ints(ConfigJson json, String... keys) throws IOException {
    Integer[] values = new Integer[keys.length];
    for (int i = 0; i < keys.length; i++) {
      values[i] = json.intAt(keys[i]);
    }
    return List.of(values);
  }

  /** Type, shape and bytes of every tensor. */
  public static Map<String, String> tensors(Path path) throws IOException {
    Map<String, String> tensors = new TreeMap<>();
    try (Checkpoint checkpoint = Checkpoint.open(path)) {
      for (TensorEntry entry : checkpoint.tensors().values()) {
        ByteBuffer bytes = ByteBuffer.allocate((int) entry.byteSize());
        checkpoint.read(entry.name(), bytes);
        String hex = HexFormat.of().formatHex(bytes.array());
        tensors.put(entry.name(), entry.dtype() + " " + entry.shape() + " " + hex);
      }
    }
    return tensors;
  }
}
