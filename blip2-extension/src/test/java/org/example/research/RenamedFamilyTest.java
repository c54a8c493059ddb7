package org.example.research;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.google.gson.JsonObject;
import com.google.gson.JsonParser;
import io.github.blip2j.blip2.Blip2;
import io.github.blip2j.blip2.checkpoint.LoadOptions;
import io.github.blip2j.blip2.model.LanguageFamilies;
import io.github.blip2j.blip2.text.CandidateRanking;
import io.github.blip2j.blip2.text.Prompt;
import io.github.blip2j.generation.GenerationConfig;
import io.github.blip2j.io.Checkpoint;
import io.github.blip2j.io.ShardedSafetensorsWriter;
import io.github.blip2j.io.file.CheckpointException;
import io.github.blip2j.io.file.ConfigJson;
import io.github.blip2j.io.tensor.TensorEntry;
import io.github.blip2j.io.tensor.TensorSpec;
import io.github.blip2j.llm.LanguageConfig;
import io.github.blip2j.llm.LanguageFamily;
import io.github.blip2j.llm.LanguageModel;
import io.github.blip2j.llm.opt.OptConfig;
import io.github.blip2j.llm.opt.OptFamily;
import io.github.blip2j.nn.ForwardPass;
import io.github.blip2j.nn.KeyMap;
import io.github.blip2j.nn.Parameter;
import io.github.blip2j.nn.Params;
import io.github.blip2j.pretraining.CaptionBatch;
import io.github.blip2j.pretraining.CaptionBatches;
import io.github.blip2j.pretraining.CaptionSet;
import io.github.blip2j.pretraining.StageTwoExport;
import io.github.blip2j.pretraining.StageTwoModel;
import io.github.blip2j.pretraining.StageTwoSetup;
import io.github.blip2j.pretraining.StageTwoTraining;
import io.github.blip2j.tensor.Scope;
import io.github.blip2j.tensor.Tensor;
import io.github.blip2j.tensor.types.Precision;
import io.github.blip2j.vision.image.Image;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import java.util.SplittableRandom;
import java.util.TreeMap;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/**
 * The weights of an OPT under another family's name, with other names of tensors and another class
 * of its configuration. All that is computed is equal, so nothing depends on the families of this
 * library being its own.
 */
final class RenamedFamilyTest {
  private static final Path OPT =
      Path.of("..", "blip2-llm", "src", "test", "resources", "golden", "hf-opt");
  private static final Path IMAGES = OPT.resolve("images");

  @TempDir private static Path shared;
  private static Path renamed = Path.of("");

  /** OPT by another name. */
  private static final class Renamed implements LanguageFamily {
    @Override
    public String name() {
      return "Renamed";
    }

    @Override
    public Set<String> modelTypes() {
      return Set.of("renamed");
    }

    @Override
    public LanguageConfig config(ConfigJson json) throws CheckpointException {
      return new Sizes((OptConfig) OptFamily.OPT.config(json));
    }

    @Override
    public String landmark() {
      return "h.0.self_attn.q_proj.weight";
    }

    @Override
    public String questionPrompt() {
      return OptFamily.OPT.questionPrompt();
    }

    @Override
    public TrainingText trainingText() {
      return OptFamily.OPT.trainingText();
    }
  }

  private record Sizes(OptConfig opt) implements LanguageConfig {
    @Override
    public LanguageFamily family() {
      return new Renamed();
    }

    @Override
    public int embeddingDim() {
      return opt.embeddingDim();
    }

    @Override
    public int vocabSize() {
      return opt.vocabSize();
    }

    @Override
    public int beginId() {
      return opt.beginId();
    }

    @Override
    public List<Integer> endIds() {
      return opt.endIds();
    }

    @Override
    public int padId() {
      return opt.padId();
    }

    @Override
    public LanguageModel build(Params params) {
      return opt.build(params);
    }

    @Override
    public void addNames(KeyMap.Builder keys, String ours, String theirs) {
      String body = theirs + "model.";
      String layer = body + "h.*.";
      keys.rename(ours + "words", body + "wte")
          .rename(ours + "head", theirs + "lm_head")
          .rename(ours + "positions", body + "wpe")
          .rename(ours + "norm", body + "ln_f")
          .rename(ours + "layers.*.attention.query", layer + "self_attn.q_proj")
          .rename(ours + "layers.*.attention.key", layer + "self_attn.k_proj")
          .rename(ours + "layers.*.attention.value", layer + "self_attn.v_proj")
          .rename(ours + "layers.*.attention.output", layer + "self_attn.out_proj")
          .rename(ours + "layers.*.attentionNorm", layer + "ln_1")
          .rename(ours + "layers.*.mlp.up", layer + "fc1")
          .rename(ours + "layers.*.mlp.down", layer + "fc2")
          .rename(ours + "layers.*.mlpNorm", layer + "ln_2")
          .ignore(theirs + "lm_head.weight"); // tied: stored again or not at all
    }
  }

  private static String renamed(String opt) {
    return opt.replace("language_model.model.decoder.", "language_model.model.")
        .replace("embed_tokens", "wte")
        .replace("embed_positions", "wpe")
        .replace("self_attn_layer_norm", "ln_1")
        .replaceAll("(\\.layers\\.\\d+)\\.final_layer_norm", "$1.ln_2")
        .replace("language_model.model.final_layer_norm", "language_model.model.ln_f")
        .replace("language_model.model.layers.", "language_model.model.h.");
  }

  @BeforeAll
  static void rename() throws IOException {
    renamed = Files.createDirectory(shared.resolve("renamed"));
    try (Stream<Path> files = Files.list(OPT)) {
      for (Path file : files.filter(Files::isRegularFile).toList()) {
        if (file.toString().endsWith(".json")) {
          Files.copy(file, renamed.resolve(file.getFileName()));
        }
      }
    }
    JsonObject json = json(OPT.resolve("config.json"));
    json.getAsJsonObject("text_config").addProperty("model_type", "renamed");
    Files.writeString(renamed.resolve("config.json"), json.toString());
    try (Checkpoint opt = Checkpoint.open(OPT)) {
      List<TensorSpec> specs = new ArrayList<>();
      for (TensorEntry entry : opt.tensors().values()) {
        specs.add(new TensorSpec(renamed(entry.name()), entry.dtype(), entry.shape()));
      }
      try (var writer = ShardedSafetensorsWriter.create(renamed, specs)) {
        for (TensorEntry entry : opt.tensors().values()) {
          ByteBuffer bytes = ByteBuffer.allocate(Math.toIntExact(entry.byteSize()));
          opt.read(entry.name(), 0, bytes);
          writer.write(renamed(entry.name()), bytes.flip());
        }
      }
    }
  }

  private static JsonObject json(Path file) throws IOException {
    return JsonParser.parseString(Files.readString(file)).getAsJsonObject();
  }

  private static LanguageFamilies families() {
    return LanguageFamilies.builtIn().with(new Renamed());
  }

  private static LoadOptions options(Precision precision) {
    return LoadOptions.of(precision).withLanguageFamilies(families());
  }

  @Test
  void answers_ofTheSameWeights_areEqual() throws IOException {
    for (Precision precision : Precision.values()) {
      try (Blip2 opt = Blip2.load(OPT, precision);
          Blip2 own = Blip2.load(renamed, options(precision))) {
        Image image = opt.read(IMAGES.resolve("a.png"));
        GenerationConfig beams = GenerationConfig.beams(3).maxNewTokens(8);
        List<String> candidates = List.of("red", "blue and green", "white");
        Prompt prompt = Prompt.about(image, "it is");
        CandidateRanking order = CandidateRanking.bySum();

        assertEquals(opt.caption(image), own.caption(image));
        assertEquals(opt.generate(image, "a", beams), own.generate(image, "a", beams));
        assertEquals(opt.answer(image, "what is it?"), own.answer(image, "what is it?"));
        assertEquals(opt.score(image, "a", "red star"), own.score(image, "a", "red star"));
        assertEquals(opt.rank(prompt, candidates, order), own.rank(prompt, candidates, order));
      }
    }
  }

  @Test
  void training_ofTheSameWeights_hasEqualLossAndGradients() throws IOException {
    var setup = StageTwoSetup.lavis().withTrainedVision(true);
    Path exported = shared.resolve("exported");
    try (Scope home = Scope.detached()) {
      StageTwoModel opt = StageTwoModel.load(OPT, home, setup);
      StageTwoModel own = StageTwoModel.load(renamed, home, setup.withLanguageFamilies(families()));
      Map<String, float[]> expected = gradients(opt);
      Map<String, float[]> found = gradients(own);

      assertEquals(expected.keySet(), found.keySet());
      assertTrue(expected.size() > 20, () -> "got " + expected.keySet());
      expected.forEach((name, values) -> assertArrayEquals(values, found.get(name), name));
      new StageTwoExport(own).toHuggingFace(exported);
    }
    try (Blip2 before = Blip2.load(renamed, options(Precision.FLOAT32));
        Blip2 after = Blip2.load(exported, options(Precision.FLOAT32))) {
      Image image = before.read(IMAGES.resolve("b.png"));
      assertEquals(before.caption(image), after.caption(image));
    }
  }

  /** The loss, and its gradients by the names of parameters. */
  private static Map<String, float[]> gradients(StageTwoModel model) throws IOException {
    Path captions = shared.resolve("captions.jsonl");
    Files.writeString(
        captions,
        """
        {"image": "a.png", "caption": "a red circle above a blue square"}
        {"image": "b.png", "caption": "two green squares"}
        """);
    CaptionSet set = CaptionSet.open(List.of(captions), IMAGES, CaptionSet.Faulty.REFUSE);
    CaptionBatches batches = CaptionBatches.of(set, model.processor(), 2, 42);
    Map<String, float[]> found = new TreeMap<>();
    try (var tokenizer = model.openTokenizer();
        Scope step = Scope.open();
        Stream<CaptionBatch> open = batches.open(0, 0)) {
      var training = StageTwoTraining.of(model, tokenizer).withPrompt("a photo of");
      ForwardPass pass = ForwardPass.training(new SplittableRandom(1));
      Tensor loss = training.losses(open.iterator().next(), pass).total();
      loss.backward();
      found.put("loss", loss.toFloats());
      for (Parameter parameter : model.parameters().values()) {
        if (parameter.isTrained()) {
          found.put(parameter.name(), Objects.requireNonNull(parameter.gradient()).toFloats());
        }
      }
    }
    return found;
  }
}
