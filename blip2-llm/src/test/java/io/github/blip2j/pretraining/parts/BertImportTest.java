package io.github.blip2j.pretraining.parts;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.github.blip2j.golden.Fixtures;
import io.github.blip2j.io.Checkpoint;
import io.github.blip2j.io.file.CheckpointException;
import io.github.blip2j.io.foreign.Bytes;
import io.github.blip2j.tensor.Scope;
import io.github.blip2j.tensor.Tensor;
import io.github.blip2j.text.HuggingFaceTokenizer;
import java.io.IOException;
import java.io.OutputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.TreeMap;
import java.util.stream.Collectors;
import java.util.zip.ZipEntry;
import java.util.zip.ZipOutputStream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** A small BERT, written as the two jars hold theirs and read back. */
final class BertImportTest {
  private static final Path BERT = Fixtures.own("hf-bert");
  private static final String TABLE = "bert.embeddings.word_embeddings.weight";
  private static final List<String> WORDS =
      List.of("[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]", "red", "circle", "##s");

  @TempDir private Path folder;
  private final Scope scope = Scope.open();

  @AfterEach
  void close() {
    scope.close();
  }

  @Test
  void onnx_keepsEveryNumber_andDrawsAHead() throws IOException {
    Map<String, Tensor> stored = cutToWords();
    Path jar = onnx(stored, "MatMul");

    BertImport.of(jar, 3).write(folder.resolve("out"));

    Map<String, Tensor> read = tensors(folder.resolve("out"));
    stored.forEach(
        (name, tensor) -> {
          if (name.startsWith("bert.")) {
            assertArrayEquals(tensor.toFloats(), requireNonNull(read, name).toFloats(), name);
          }
        });
    assertTrue(read.containsKey("cls.predictions.transform.dense.weight"));
    try (var tokenizer = HuggingFaceTokenizer.open(folder.resolve("out"))) {
      assertArrayEquals(new int[] {2, 5, 6, 7, 3}, tokenizer.encode("Red circles"));
    }
  }

  @Test
  void tensorFlow_keepsEveryNumber_itsHeadToo() throws IOException {
    Map<String, Tensor> stored = cutToWords();
    Path jar = tensorFlow(stored);

    BertImport.of(jar, null).write(folder.resolve("out"));

    Map<String, Tensor> read = tensors(folder.resolve("out"));
    stored.forEach(
        (name, tensor) ->
            assertArrayEquals(tensor.toFloats(), requireNonNull(read, name).toFloats(), name));
  }

  @Test
  void otherWords_getTheirRowsOrTheMeanOfTheirPieces() throws IOException {
    Map<String, Tensor> stored = cutToWords();
    Path jar = onnx(stored, "MatMul");
    Path words = Files.createDirectory(folder.resolve("words"));
    List<String> other = List.of("[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]", "circles", "red");
    Files.writeString(words.resolve("vocab.txt"), String.join("\n", other) + "\n");
    Files.writeString(
        words.resolve("tokenizer_config.json"), "{\"tokenizer_class\": \"BertTokenizer\"}");

    BertImport.of(jar, 3).withLayers(2).withWords(words).write(folder.resolve("out"));

    Map<String, Tensor> read = tensors(folder.resolve("out"));
    float[][] rows = requireNonNull(read, TABLE).toFloatRows();
    float[][] old = requireNonNull(stored, TABLE).toFloatRows();
    assertEquals(7, rows.length);
    assertArrayEquals(old[5], rows[6]);
    for (int i = 0; i < rows[5].length; i++) {
      assertEquals((old[6][i] + old[7][i]) / 2, rows[5][i], 1e-7);
    }
    assertTrue(read.keySet().stream().noneMatch(name -> name.contains("layer.2.")));
  }

  @Test
  void unknownHeads_areAskedFor() throws IOException {
    Path jar = onnx(cutToWords(), "MatMul");

    assertMessage(
        jar + ": attention heads expected, which the jar doesn't tell, got none; MiniLM has 12",
        BertImport.of(jar, null));
    assertMessage(
        jar + ": layers to keep expected 1 to 3, got 4", BertImport.of(jar, 3).withLayers(4));
  }

  @Test
  void jarOfSomethingElse_isRefused() throws IOException {
    Path jar = zip(Map.of("README", new Bytes().raw((byte) 'a')));

    assertMessage(
        jar + ": jar expected with a .onnx or with variables/variables.index, got neither",
        BertImport.of(jar, 3));
  }

  private void assertMessage(String expected, BertImport read) {
    var refused =
        assertThrows(CheckpointException.class, () -> read.write(folder.resolve("refused")));
    assertEquals(expected, refused.getMessage());
  }

  private static Tensor requireNonNull(Map<String, Tensor> tensors, String name) {
    return Objects.requireNonNull(tensors.get(name), name);
  }

  /** The tensors of a small BERT whose vocabulary is cut to eight words. */
  private static Map<String, Tensor> cutToWords() throws IOException {
    Map<String, Tensor> tensors = tensors(BERT);
    tensors.keySet().removeIf(name -> !name.startsWith("bert.") && !name.startsWith("cls."));
    tensors.keySet().removeIf(name -> name.contains("pooler") || name.contains("decoder"));
    tensors.replaceAll(
        (name, tensor) ->
            name.equals(TABLE) || name.equals("cls.predictions.bias")
                ? tensor.narrow(0, 0, WORDS.size()).copy()
                : tensor);
    return tensors;
  }

  private static Map<String, Tensor> tensors(Path folder) throws IOException {
    Map<String, Tensor> tensors = new TreeMap<>();
    try (Checkpoint stored = Checkpoint.open(folder)) {
      for (var entry : stored.tensors().entrySet()) {
        String name = entry.getKey();
        tensors.put(
            name,
            Tensor.read(
                name,
                entry.getValue().dtype(),
                entry.getValue().shape(),
                (at, into) -> stored.read(name, at, into)));
      }
    }
    return tensors;
  }

  private static boolean isDense(String name, Tensor tensor) {
    return name.endsWith(".weight") && tensor.rank() == 2 && !name.contains("embeddings");
  }

  private Path onnx(Map<String, Tensor> tensors, String operation) throws IOException {
    Bytes graph = new Bytes();
    for (var each : tensors.entrySet()) {
      String name = each.getKey().replaceFirst("^bert\\.", "");
      if (!each.getKey().startsWith("bert.")) {
        continue;
      }
      if (isDense(name, each.getValue())) {
        String module = name.substring(0, name.length() - ".weight".length());
        String weight = "onnx::" + module;
        graph.message(
            1,
            new Bytes()
                .text(1, "x")
                .text(1, weight)
                .text(3, "/" + module.replace('.', '/').replace("layer/", "layer.") + "/MatMul")
                .text(4, operation));
        graph.message(5, initializer(weight, each.getValue().transpose().copy()));
      } else {
        graph.message(5, initializer(name, each.getValue()));
      }
    }
    String ids =
        WORDS.stream()
            .map(word -> "\"" + word + "\": " + WORDS.indexOf(word))
            .collect(Collectors.joining(", ", "{", "}"));
    String tokenizer =
        "{\"normalizer\": {\"lowercase\": true}, \"model\": {\"vocab\": " + ids + "}}";
    return zip(
        Map.of(
            "small.onnx",
            new Bytes().message(7, graph),
            "small-tokenizer.json",
            new Bytes().raw(tokenizer.getBytes(StandardCharsets.UTF_8))));
  }

  private static Bytes initializer(String name, Tensor tensor) {
    Bytes dims = new Bytes();
    for (long dim : tensor.shape().toArray()) {
      dims.varint(dim);
    }
    return new Bytes()
        .message(1, dims)
        .number(2, 1)
        .text(8, name)
        .message(9, new Bytes().floats(tensor.toFloats()));
  }

  private Path tensorFlow(Map<String, Tensor> tensors) throws IOException {
    var entries = new TreeMap<String, Bytes>();
    Bytes data = new Bytes();
    for (var each : tensors.entrySet()) {
      boolean dense = isDense(each.getKey(), each.getValue());
      Tensor tensor = dense ? each.getValue().transpose().copy() : each.getValue();
      String name =
          "module/"
              + each.getKey()
                  .replace("LayerNorm.weight", "LayerNorm.gamma")
                  .replace("LayerNorm.bias", "LayerNorm.beta")
                  .replaceFirst("_embeddings\\.weight$", "_embeddings")
                  .replaceFirst("^cls\\.predictions\\.bias$", "cls.predictions.output_bias")
                  .replaceFirst("\\.weight$", ".kernel")
                  .replaceAll("layer\\.(\\d)", "layer_$1")
                  .replace('.', '/');
      entries.put(
          name,
          Bytes.entry(
              data.size(), tensor.toFloats().length * Float.BYTES, tensor.shape().toArray()));
      data.floats(tensor.toFloats());
    }
    String folderName = "small-L-3-A-3/";
    return zip(
        Map.of(
            folderName + "variables/variables.index",
            Bytes.index(entries),
            folderName + "variables/variables.data-00000-of-00001",
            data,
            folderName + "assets/vocab.txt",
            new Bytes().raw((String.join("\n", WORDS) + "\n").getBytes(StandardCharsets.UTF_8)),
            folderName + "assets/model.json",
            new Bytes().raw("{\"doLowerCase\": true}".getBytes(StandardCharsets.UTF_8))));
  }

  private Path zip(Map<String, Bytes> files) throws IOException {
    Path jar = folder.resolve("small.jar");
    try (OutputStream out = Files.newOutputStream(jar);
        var zip = new ZipOutputStream(out)) {
      for (var file : files.entrySet()) {
        zip.putNextEntry(new ZipEntry(file.getKey()));
        zip.write(file.getValue().array());
        zip.closeEntry();
      }
    }
    return jar;
  }
}
