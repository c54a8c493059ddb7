package io.github.blip2j.cli;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.github.blip2j.io.safetensors.SafetensorsWriter;
import io.github.blip2j.io.tensor.TensorSpec;
import io.github.blip2j.tensor.types.DType;
import io.github.blip2j.tensor.types.Shape;
import java.io.IOException;
import java.net.URI;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.List;
import java.util.Locale;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** What is named as an output, and what folders hold. */
final class OutputTargetsTest {
  private static final Path GOLDEN =
      Path.of("..", "blip2-llm", "src", "test", "resources", "golden");
  private static final String MATCHER = GOLDEN.resolve("lavis-stage1").toString();
  private static final String CHECKPOINT = MATCHER + "/checkpoint.pth";
  private static final Path MATCHER_OF_HUGGING_FACE = GOLDEN.resolve("hf-itm");
  private static final String CIRCLE = Shell.image("a.png");

  private final Path folder;

  OutputTargetsTest(@TempDir Path folder) {
    this.folder = folder;
  }

  /** Commands with a model that is not there: what they complain of came before they loaded it. */
  @ParameterizedTest
  @ValueSource(
      strings = {
        "embed PICTURE --model none/none --out",
        "embed PICTURE --kind queries --out",
        "match PICTURE --text a --model none/none --cam"
      })
  void device_asAFile_isRefusedBeforeAnyWork(String command) {
    assertEquals(
        new Shell(
            1, "", "blip2: /dev/null: file expected, got a device, pipe or socket; name another\n"),
        Shell.run((command + " /dev/null").replace("PICTURE", CIRCLE).split(" ")));
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "match PICTURE --text a --model none/none --cam-words",
        "train stage1 --model none --data none --images none --out",
        "train stage2 --model none --data none --images none --out"
      })
  void device_asAFolder_isRefusedBeforeAnyWork(String command) {
    assertEquals(
        new Shell(
            1,
            "",
            "blip2: /dev/null: folder expected, got a device, pipe or socket; name another\n"),
        Shell.run((command + " /dev/null").replace("PICTURE", CIRCLE).split(" ")));
  }

  @Test
  void embed_overAPicture_isRefusedBeforeAnyWork() throws IOException {
    Path picture = Files.copy(Path.of(CIRCLE), folder.resolve("a.png"));

    for (String ending : List.of("a.png", "a.jsonl")) {
      Path target = folder.resolve(ending);
      Files.copy(Path.of(CIRCLE), target, StandardCopyOption.REPLACE_EXISTING);
      Shell shell =
          Shell.run(
              "embed", picture.toString(), "--model", "none/none", "--out", target.toString());

      assertEquals(1, shell.exit());
      assertTrue(
          shell
              .err()
              .endsWith(" of features expected to be replaced, got another file; name another\n"),
          shell.err());
      assertEquals(-1, Files.mismatch(Path.of(CIRCLE), target));
    }
  }

  @Test
  void embed_overTheModel_isRefused() throws IOException {
    Path model = copyOf(MATCHER_OF_HUGGING_FACE);
    Path weights = model.resolve("model.safetensors");

    Shell shell =
        Shell.run("embed", CIRCLE, "--model", model.toString(), "--out", weights.toString());

    assertEquals(1, shell.exit());
    assertEquals(-1, Files.mismatch(MATCHER_OF_HUGGING_FACE.resolve("model.safetensors"), weights));
  }

  @ParameterizedTest
  @ValueSource(strings = {"f.safetensors", "f.jsonl"})
  void embed_twice_replacesFeatures(String name) throws IOException {
    Path out = folder.resolve(name);
    Files.createFile(out); // nothing is lost with an empty one

    for (int run = 0; run < 2; run++) {
      assertEquals(
          0, Shell.run("embed", CIRCLE, "--kind", "queries", "--out", out.toString()).exit());
    }
  }

  @Test
  void embed_overCaptions_isRefused() throws IOException {
    Path captions =
        Files.writeString(folder.resolve("c.jsonl"), "{\"image\":\"a\",\"caption\":\"b\"}\n");

    Shell shell = Shell.run("embed", CIRCLE, "--kind", "queries", "--out", captions.toString());

    assertEquals(1, shell.exit());
    assertEquals(1, Files.readAllLines(captions).size());
  }

  @Test
  void convert_overAPicture_isRefused() throws IOException {
    Path photo = Files.copy(Path.of(CIRCLE), folder.resolve("b.jpg"));

    assertEquals(
        new Shell(
            1,
            "",
            "blip2: "
                + photo
                + ": a file of torch.save expected to be replaced, got another file; name another\n"),
        Shell.run("convert", "--from", "hf", MATCHER_OF_HUGGING_FACE.toString(), photo.toString()));
    assertEquals(-1, Files.mismatch(Path.of(CIRCLE), photo));
  }

  @Test
  void convert_biasOfKeys_namesTheOptionThatKeepsIt() throws IOException {
    String name = "vision_model.encoder.layers.0.self_attn.qkv.bias";
    Path model = Files.createDirectory(folder.resolve("model"));
    var specs = List.of(new TensorSpec(name, DType.FLOAT32, Shape.of(3)));
    try (var writer = SafetensorsWriter.create(model.resolve("model.safetensors"), specs)) {
      writer.write(name, ByteBuffer.allocate(12).put(6, (byte) 1));
    }

    Shell shell = Shell.run("convert", "--from", "hf", model.toString(), folder + "/out.pth");

    assertTrue(shell.err().endsWith("; --keep-key-bias keeps it\n"), shell.err());
  }

  @Test
  void convert_overWhatIsNoDescription_isRefused() throws IOException {
    Path target = Files.createDirectory(folder.resolve("hf"));
    Path notes = Files.writeString(target.resolve("config.json"), "my notes\n");

    Shell shell = Shell.run("convert", "--from", "lavis", CHECKPOINT, target.toString());

    assertEquals(1, shell.exit());
    assertEquals("my notes\n", Files.readString(notes));
  }

  @Test
  void cam_overItsPicture_isRefusedBeforeAnyWork() throws IOException {
    Path picture = Files.copy(Path.of(CIRCLE), folder.resolve("a.png"));

    Shell shell =
        Shell.run(("match " + picture + " --text a --model none/none --cam " + picture).split(" "));

    assertEquals(
        "blip2: "
            + picture
            + ": target expected to be none of the inputs, got one of them; name another\n",
        shell.err());
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "evaluate caption DATA --out DATA",
        "evaluate caption none.json --references DATA --out DATA",
        "evaluate caption DATA --results none.json --annotations-out DATA",
        "evaluate caption none.json --results DATA --annotations-out DATA",
        "evaluate vqa DATA --out DATA",
        "evaluate vqa none.json --annotations DATA --out DATA",
        "evaluate vqa none.json+DATA --out DATA",
        "evaluate retrieval DATA --model none/none --out DATA",
        "evaluate classify DATA --classes none.txt --model none/none --out DATA",
        "evaluate classify none.json --classes DATA --model none/none --out DATA",
        "evaluate classify none.json --classes none.txt --templates DATA --model none/none --out DATA",
        "caption --data DATA --out DATA",
        "vqa --data DATA --out DATA",
      })
  void results_overWhatIsRead_areRefused(String command) throws IOException {
    Path data = Files.writeString(folder.resolve("data.json"), "[]");

    Shell shell = Shell.run(command.replace("DATA", data.toString()).split(" "));

    assertEquals(
        new Shell(
            2,
            "",
            "blip2: "
                + data
                + ": target expected to be none of the inputs, got one of them; name another\n"),
        shell);
    assertEquals("[]", Files.readString(data));
  }

  @Test
  void export_overTheModelThatIsTrained_isRefused() throws IOException {
    Path model = copyOf(MATCHER_OF_HUGGING_FACE);
    Path run = Files.createDirectory(folder.resolve("run"));
    Path hf = Files.move(model, run.resolve("hf"));

    Shell shell =
        Shell.run(
            ("train stage1 --model " + hf + " --data none --images none --export hf --out " + run)
                .split(" "));

    assertEquals(
        "blip2: "
            + hf
            + ": target expected to be none of the inputs, got one of them; name another\n",
        shell.err());
  }

  private Path copyOf(Path model) throws IOException {
    Path copy = Files.createDirectory(folder.resolve("model"));
    try (Stream<Path> files = Files.list(model)) {
      for (Path file : files.filter(Files::isRegularFile).toList()) {
        Files.copy(file, copy.resolve(String.valueOf(file.getFileName())));
      }
    }
    return copy;
  }

  @Test
  void convert_toADevice_isRefused() {
    Shell shell = Shell.run("convert", "--from", "lavis", MATCHER, "/dev/null");

    assertEquals(
        "blip2: /dev/null: folder expected, got a device, pipe or socket; name another\n",
        shell.err());
  }

  @Test
  void embed_folderWithNamesThatAreNoText_readsThemAll() throws IOException {
    Path pictures = Files.createDirectory(folder.resolve("pictures"));
    Files.copy(Path.of(CIRCLE), pictures.resolve("b.png"));
    Files.copy(Path.of(CIRCLE), Path.of(URI.create(pictures.toUri() + "caf%E9%FF.png")));
    Path out = folder.resolve("f.jsonl");

    Shell shell =
        Shell.run("embed", pictures.toString(), "--kind", "queries", "--out", out.toString());

    assertEquals(new Shell(0, out + ": 2 lines\n", ""), shell);
    List<String> lines = Files.readAllLines(out);
    assertTrue(lines.get(1).contains("/caf\\\\xe9\\\\xff.png"), lines.get(1).substring(0, 100));
  }

  @Test
  void embed_onePicture_countsInTheSingular() {
    Path out = folder.resolve("f.jsonl");

    assertEquals(
        out + ": 1 line\n",
        Shell.run("embed", CIRCLE, "--kind", "queries", "--out", out.toString()).out());
  }

  @Test
  void caption_nameThatATerminalObeys_isShown() throws IOException {
    Path picture = folder.resolve("a\u001b[31m\nb\u0007.png");
    Files.copy(Path.of(CIRCLE), picture);

    Shell shell = Shell.run("caption", picture.toString(), CIRCLE);

    assertEquals(2, shell.out().lines().count());
    assertTrue(shell.out().startsWith(folder + "/a\\x1b[31m\\x0ab\\x07.png: "), shell.out());
  }

  @Test
  void embed_whereDigitsAreOthers_writesTheSame() throws IOException {
    Path here = folder.resolve("a.jsonl");
    Path there = folder.resolve("b.jsonl");
    Locale before = Locale.getDefault();
    Shell.run("embed", CIRCLE, "--kind", "queries", "--out", here.toString());
    try {
      Locale.setDefault(Locale.forLanguageTag("ar-EG-u-nu-arab"));
      Shell shell = Shell.run("embed", CIRCLE, "--kind", "queries", "--out", there.toString());

      assertEquals(new Shell(0, there + ": 1 line\n", ""), shell);
    } finally {
      Locale.setDefault(before);
    }
    assertEquals(Files.readString(here), Files.readString(there));
  }
}
