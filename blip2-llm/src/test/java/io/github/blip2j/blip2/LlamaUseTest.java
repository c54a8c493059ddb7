package io.github.blip2j.blip2;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.github.blip2j.autograd.GradMode;
import io.github.blip2j.blip2.checkpoint.LoadOptions;
import io.github.blip2j.blip2.inference.Blip2Folder;
import io.github.blip2j.blip2.inference.ImageFeatures;
import io.github.blip2j.blip2.model.Blip2Model;
import io.github.blip2j.blip2.model.PromptBatch;
import io.github.blip2j.blip2.text.CandidateRanking;
import io.github.blip2j.blip2.text.Generated;
import io.github.blip2j.blip2.text.Prompt;
import io.github.blip2j.blip2.text.RankedCandidate;
import io.github.blip2j.blip2.text.ScoredText;
import io.github.blip2j.generation.GenerationConfig;
import io.github.blip2j.golden.Fixtures;
import io.github.blip2j.golden.Golden;
import io.github.blip2j.io.Checkpoint;
import io.github.blip2j.io.safetensors.SafetensorsWriter;
import io.github.blip2j.io.tensor.TensorEntry;
import io.github.blip2j.io.tensor.TensorSpec;
import io.github.blip2j.nn.ForwardPass;
import io.github.blip2j.tensor.Scope;
import io.github.blip2j.tensor.Tensor;
import io.github.blip2j.tensor.types.DType;
import io.github.blip2j.tensor.types.Precision;
import io.github.blip2j.tensor.types.Shape;
import io.github.blip2j.text.Side;
import io.github.blip2j.vision.image.Image;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Objects;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** Batches, scores, ranks and adapters of BLIP-2 over decoders of LLaMA's kind. */
final class LlamaUseTest {
  private static final double BATCH = 1e-4;
  private static final String QUERY = "language_model.model.layers.1.self_attn.q_proj";

  static Stream<Path> folders() {
    return Stream.of("hf-blip2-llama", "hf-blip2-qwen2", "hf-instructblip-vicuna")
        .map(Fixtures::own);
  }

  @ParameterizedTest(name = "{0}")
  @MethodSource("folders")
  void everyBatch_equalsOneByOne(Path folder) throws IOException {
    List<String> prompts = List.of("", "a photo of", "Question: what color is the star? Answer:");
    GenerationConfig beams = GenerationConfig.beams(3).maxNewTokens(10).numReturnSequences(2);
    try (var blip2 = Blip2.load(folder);
        ImageFeatures images = blip2.encode(Blip2Folder.images(folder))) {
      for (GenerationConfig decoding : List.of(GenerationConfig.greedy().maxNewTokens(10), beams)) {
        List<List<Generated>> together = blip2.generate(images, prompts, decoding);

        for (int b = 0; b < prompts.size(); b++) {
          try (ImageFeatures one = blip2.encode(Blip2Folder.images(folder).subList(b, b + 1))) {
            List<Generated> alone = blip2.generate(one, prompts.subList(b, b + 1), decoding).get(0);
            assertSame(alone, together.get(b), decoding + " prompt " + b);
          }
        }
      }
    }
  }

  private static void assertSame(List<Generated> alone, List<Generated> batch, String where) {
    assertEquals(alone.size(), batch.size(), where);
    for (int i = 0; i < alone.size(); i++) {
      assertEquals(alone.get(i).tokenIds(), batch.get(i).tokenIds(), where);
      assertEquals(alone.get(i).score(), batch.get(i).score(), BATCH, where);
    }
  }

  /** Each token's logarithm from the logits of the whole text, in one pass without a cache. */
  @ParameterizedTest(name = "{0}")
  @MethodSource("folders")
  void score_ofATextAfterAPrompt_isThatOfItsLogits(Path folder) throws IOException {
    String prompt = "what color is the square? ";
    try (var blip2 = Blip2.load(folder);
        var off = GradMode.noGrad();
        var scope = Scope.open()) {
      Image image = Blip2Folder.images(folder).get(1);

      ScoredText scored = blip2.score(Prompt.about(image, prompt), "a red circle");

      Blip2Model model = blip2.model();
      int[] before = blip2.tokenizer().encode(prompt);
      int[] text = scored.tokenIds().stream().mapToInt(id -> id).toArray();
      int[] whole = IntStream.concat(Arrays.stream(before), Arrays.stream(text)).toArray();
      PromptBatch all = PromptBatch.of(List.of(whole), 0, Side.LEFT);
      ForwardPass pass = ForwardPass.evaluation();
      Tensor pixels = blip2.pixels(List.of(image));
      Tensor seen =
          model.config().readsInstruction()
              ? model.imagePrompt(pixels, blip2.instructions(List.of(prompt)), pass)
              : model.imagePrompt(pixels, pass);
      Tensor logs = model.logits(seen, all, pass).logSoftmax(); // [1, Q + T, V]
      int first = model.config().queryTokens() + before.length - 1;
      assertEquals(2, text[text.length - 1]); // </s>
      for (int t = 0; t < text.length; t++) {
        double expected = logs.select(0, 0).select(0, first + t).toFloats()[text[t]];
        assertEquals(expected, scored.logProbabilities().get(t), BATCH);
      }
    }
  }

  @ParameterizedTest(name = "{0}")
  @MethodSource("folders")
  void rank_ofColors_isByTheScoreOfEachAlone(Path folder) throws IOException {
    List<String> colors = List.of("red", "yellow", "a green circle", "blue", "white");
    try (var blip2 = Blip2.load(folder)) {
      Prompt about = Prompt.about(Blip2Folder.images(folder).get(1), "what color is the square?");

      List<RankedCandidate> ranked = blip2.rank(about, colors, CandidateRanking.bySum());

      assertEquals(colors.size(), ranked.size());
      for (int place = 0; place < ranked.size(); place++) {
        RankedCandidate each = ranked.get(place);
        ScoredText alone = blip2.score(about, colors.get(each.index()));
        assertEquals(alone.tokenIds(), each.scored().tokenIds());
        assertEquals(alone.sum(), each.sum(), BATCH);
        assertEquals(2, each.scored().tokenIds().get(each.scored().tokenIds().size() - 1)); // </s>
        assertTrue(place == 0 || ranked.get(place - 1).sum() >= each.sum());
      }
    }
  }

  /** W + 2 B A in the adapter's folder, and the same written into a copy of the weights. */
  @Test
  void load_withAnAdapter_hasTheLogitsOfMergedWeights(@TempDir Path parent) throws IOException {
    Path base = Fixtures.own("hf-blip2-llama");
    int out = 64;
    float[] a = new float[out];
    float[] b = new float[out];
    for (int i = 0; i < out; i++) {
      a[i] = (i % 7 - 3) / 8f;
      b[i] = (i % 5 - 2) / 8f;
    }
    Path adapter = adapter(Files.createDirectory(parent.resolve("adapter")), a, b);
    Path merged = merged(base, Files.createDirectory(parent.resolve("merged")), a, b);

    float[] plain = logits(base, LoadOptions.of(Precision.FLOAT32));
    float[] adapted = logits(base, LoadOptions.of(Precision.FLOAT32).withAdapter(adapter));
    float[] written = logits(merged, LoadOptions.of(Precision.FLOAT32));

    double moved = 0;
    for (int i = 0; i < plain.length; i++) {
      assertEquals(written[i], adapted[i], 1e-4);
      moved = Math.max(moved, Math.abs(plain[i] - adapted[i]));
    }
    assertTrue(moved > 0.01, "largest change " + moved);
  }

  private static Path adapter(Path folder, float[] a, float[] b) throws IOException {
    Files.writeString(
        folder.resolve("adapter_config.json"),
        "{\"peft_type\": \"LORA\", \"r\": 1, \"lora_alpha\": 2, \"target_modules\": [\"q_proj\"]}");
    List<TensorSpec> specs =
        List.of(
            new TensorSpec(
                "base_model.model." + QUERY + ".lora_A.weight", DType.FLOAT32, Shape.of(1, 64)),
            new TensorSpec(
                "base_model.model." + QUERY + ".lora_B.weight", DType.FLOAT32, Shape.of(64, 1)));
    Path file = folder.resolve("adapter_model.safetensors");
    try (var writer = SafetensorsWriter.create(file, specs)) {
      writer.write(specs.get(0).name(), bytes(a));
      writer.write(specs.get(1).name(), bytes(b));
    }
    return folder;
  }

  private static Path merged(Path base, Path folder, float[] a, float[] b) throws IOException {
    Fixture.copyTo(base, folder);
    Path weights = folder.resolve(Fixture.WEIGHTS);
    Files.delete(weights);
    try (Checkpoint from = Checkpoint.open(base)) {
      List<TensorSpec> specs = new ArrayList<>();
      for (TensorEntry entry : from.tensors().values()) {
        specs.add(new TensorSpec(entry.name(), entry.dtype(), entry.shape()));
      }
      try (var writer = SafetensorsWriter.create(weights, specs)) {
        for (TensorSpec spec : specs) {
          TensorEntry entry = Objects.requireNonNull(from.tensors().get(spec.name()));
          ByteBuffer data =
              ByteBuffer.allocate((int) entry.byteSize()).order(ByteOrder.LITTLE_ENDIAN);
          from.read(spec.name(), data);
          if (spec.name().equals(QUERY + ".weight")) {
            for (int i = 0; i < b.length; i++) {
              for (int j = 0; j < a.length; j++) {
                int at = (i * a.length + j) * Float.BYTES;
                data.putFloat(at, data.getFloat(at) + 2 * b[i] * a[j]);
              }
            }
          }
          writer.write(spec.name(), data.rewind());
        }
      }
    }
    return folder;
  }

  private static ByteBuffer bytes(float[] values) {
    ByteBuffer bytes =
        ByteBuffer.allocate(values.length * Float.BYTES).order(ByteOrder.LITTLE_ENDIAN);
    for (float value : values) {
      bytes.putFloat(value);
    }
    return bytes.flip();
  }

  private static float[] logits(Path folder, LoadOptions options) throws IOException {
    try (var blip2 = Blip2.load(folder, options);
        var golden = Golden.open(Fixtures.own("hf-blip2-llama"));
        var off = GradMode.noGrad();
        var scope = Scope.open()) {
      Blip2Model model = blip2.model();
      int[] ids = blip2.tokenizer().encode("a photo of");
      PromptBatch text = PromptBatch.of(List.of(ids, ids, ids), 0, Side.LEFT);
      Tensor logits =
          model.logits(golden.get("language_projection"), text, ForwardPass.evaluation());
      return logits.toFloats();
    }
  }
}
