package io.github.blip2j.training;

import static java.util.Objects.requireNonNull;
import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.google.gson.JsonObject;
import com.google.gson.JsonParser;
import io.github.blip2j.tensor.InScope;
import io.github.blip2j.training.run.CurvesPage;
import io.github.blip2j.training.run.RunDescription;
import io.github.blip2j.training.run.RunFolder;
import io.github.blip2j.training.validation.Validation;
import java.io.IOException;
import java.io.StringReader;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import javax.xml.parsers.DocumentBuilderFactory;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.api.io.TempDir;
import org.xml.sax.InputSource;

@ExtendWith(InScope.class)
final class RunFolderTest {
  /** Of "a", by any other program. */
  private static final String HASH =
      "ca978112ca1bbdcafac231b39a23dc4da786eff8147c4e72b9807785afee48bb";

  private final Path folder;
  private final Path run;
  private final Path data;
  private final Path model;
  private final Toy toy = new Toy(7, 0.25);

  RunFolderTest(@TempDir Path folder) throws IOException {
    this.folder = folder;
    this.run = folder.resolve("run");
    this.data = Files.writeString(folder.resolve("captions.json"), "a");
    this.model = Files.createDirectory(folder.resolve("model"));
    Files.write(model.resolve("model.safetensors"), new byte[10]);
  }

  @AfterEach
  void release() {
    toy.close();
  }

  private RunDescription description() {
    return RunDescription.of("train toy")
        .withArguments(List.of("train", "toy", "--lr", "0.02"))
        .withOptions(Map.of("--lr", "0.02", "--epochs", "2"))
        .withModels(Map.of("--model", model))
        .withData(List.of(data))
        .withVersion("1.2");
  }

  private TrainingPosition train(RunDescription description, long steps, boolean resumes)
      throws IOException {
    var validation = Validation.of(List.of(at -> Map.of("score", 0.5 + at.step()))).every(2);
    try (var opened = RunFolder.open(run, description)) {
      Trainer<Toy.ToyBatch> trainer = toy.trainer(Toy.shortRun(run).withMaxSteps(steps));
      TrainingListener listener = validation.and(opened);
      return resumes ? trainer.resume(listener) : trainer.start(listener);
    }
  }

  private JsonObject json() throws IOException {
    return JsonParser.parseString(Files.readString(run.resolve("run.json"))).getAsJsonObject();
  }

  private List<Path> events() throws IOException {
    try (Stream<Path> files = Files.list(run.resolve("tensorboard"))) {
      return files.sorted().toList();
    }
  }

  @Test
  void start_writesWhatItIsMadeFrom() throws IOException {
    train(description(), 2, false);

    JsonObject json = json();
    assertEquals("train toy", json.get("command").getAsString());
    assertEquals(4, json.getAsJsonArray("arguments").size());
    assertEquals("0.02", json.getAsJsonObject("options").get("--lr").getAsString());
    assertEquals("1.2", json.get("version").getAsString());
    JsonObject first = json.getAsJsonArray("data").get(0).getAsJsonObject();
    assertEquals(HASH, first.get("sha256").getAsString());
    assertEquals(1, first.get("bytes").getAsLong());
    JsonObject weights = json.getAsJsonObject("models").getAsJsonObject("--model");
    assertEquals(10, weights.get("bytes").getAsLong());
    assertEquals(
        System.getProperty("java.version"),
        json.getAsJsonObject("machine").get("java").getAsString());
  }

  @Test
  void resume_addsWhatIsOtherThanBefore() throws IOException {
    train(description(), 2, false);
    RunDescription slower =
        description().withOptions(Map.of("--lr", "0.01", "--epochs", "2", "--augment", "true"));
    List<String> changes = RunFolder.open(run, slower).changes();
    train(slower, 3, true);
    List<String> again = RunFolder.open(run, slower).changes();
    train(slower, 4, true);
    Files.writeString(data, "b");
    List<String> otherData = RunFolder.open(run, slower).changes();
    Path more = Files.writeString(data.resolveSibling("more.json"), "c");
    List<String> moreData = RunFolder.open(run, slower.withData(List.of(more))).changes();

    assertEquals(List.of("--augment none -> true", "--lr 0.02 -> 0.01"), changes);
    assertEquals(List.of(), again);
    assertEquals(List.of(data + " has other bytes"), otherData);
    assertEquals(List.of(more + " was not read before"), moreData);
    var resumed = json().getAsJsonArray("resumed");
    assertEquals(2, resumed.size());
    JsonObject first = resumed.get(0).getAsJsonObject();
    assertEquals(2, first.get("step").getAsLong());
    assertEquals("[\"0.02\",\"0.01\"]", first.getAsJsonObject("changed").get("--lr").toString());
    assertEquals(0, resumed.get(1).getAsJsonObject().getAsJsonObject("changed").size());
    assertEquals(2, events().size() - 1);
  }

  @Test
  void open_ofAnotherRun_isRefused() throws IOException {
    train(description(), 2, false);
    byte[] before = Files.readAllBytes(run.resolve("run.json"));
    Path other = Files.createDirectory(folder.resolve("other"));
    Files.write(other.resolve("model.safetensors"), new byte[11]);

    assertRefused(
        RunDescription.of("train other"),
        "run of train other expected, got one of train toy; choose another folder");
    assertRefused(
        description().withModels(Map.of("--model", other)),
        "run of --model "
            + other
            + " of 11 bytes expected, got one of --model "
            + model
            + " of 10 bytes; choose another folder");
    assertRefused(
        description().withModels(Map.of("--vision", model)),
        "run of --vision "
            + model
            + " of 10 bytes expected, got one of none; choose another folder");
    byte[] same = new byte[10];
    same[9] = 1;
    Files.write(other.resolve("model.safetensors"), same);
    String refusal = refusal(description().withModels(Map.of("--model", other)));
    assertTrue(
        refusal.matches(".* of 10 bytes \\(SHA-256 [0-9a-f]{12}\\) expected, got .*"), refusal);
    Files.write(other.resolve("model.safetensors"), new byte[10]);
    RunFolder.open(run, description().withModels(Map.of("--model", other))).close();
    Files.writeString(other.resolve("config.json"), "{}");
    refusal(description().withModels(Map.of("--model", other)));
    Path moved = Files.move(model, folder.resolve("moved"));
    RunFolder.open(run, description().withModels(Map.of("--model", moved))).close();
    assertArrayEquals(before, Files.readAllBytes(run.resolve("run.json")));
  }

  private void assertRefused(RunDescription description, String message) {
    assertEquals(run.resolve("run.json") + ": " + message, refusal(description));
  }

  private String refusal(RunDescription description) {
    return String.valueOf(
        assertThrows(IllegalStateException.class, () -> RunFolder.open(run, description))
            .getMessage());
  }

  @Test
  void open_damagedDescription_isNamed() throws IOException {
    Files.createDirectory(run);
    Files.writeString(run.resolve("run.json"), "{\"command\":");

    var refused =
        assertThrows(IOException.class, () -> RunFolder.open(run, RunDescription.of("train toy")));

    assertEquals(
        run.resolve("run.json")
            + ": description of a run expected, got no JSON object; move the file away",
        refused.getMessage());
  }

  @Test
  void resume_ofARunWithoutDescription_beginsIt() throws IOException {
    toy.trainer(Toy.shortRun(run).withMaxSteps(2)).start(TrainingListener.NONE);

    train(description(), 3, true);

    assertEquals("train toy", json().get("command").getAsString());
  }

  @Test
  void events_folderThatTakesNone_losesNoRun() throws IOException {
    Files.createDirectory(run);
    Files.writeString(run.resolve("tensorboard"), "a file in the way");
    Files.createDirectory(run.resolve(CurvesPage.NAME)); // and no page of curves either

    TrainingPosition end = train(description(), 6, false);

    assertEquals(6, end.step());
    assertTrue(Files.exists(run.resolve("step-00000006.safetensors")));
  }

  @Test
  void start_withAFolder_trainsTheSame() throws IOException {
    try (Toy plain = new Toy(7, 0.25)) {
      plain.trainer(Toy.shortRun(folder.resolve("plain"))).start(TrainingListener.NONE);
      train(description(), 6, false);

      assertArrayEquals(plain.weights(), toy.weights());
    }
  }

  @Test
  void curves_areAPageOfItsOwn() throws Exception {
    RunDescription described = description().withOptions(Map.of("--prompt", "<b>'&\""));
    train(described, 6, false);

    String page = Files.readString(run.resolve(CurvesPage.NAME));
    assertTrue(page.contains("<p>after step 6, epoch 1, 0:00:0"), page);
    for (String title :
        List.of("loss", "loss_error", "score", "lr", "grad_norm", "samples_per_s", "data_share")) {
      assertTrue(page.contains("<figure><figcaption><b>" + title + "</b>"), title);
    }
    assertTrue(page.contains("<td>&lt;b&gt;&#39;&amp;&quot;</td>"), page);
    assertFalse(page.contains("<script") || page.contains("http"), page);
    assertTrue(page.contains("<span class='val'>validation 6.5</span>"), page);
    var builder = DocumentBuilderFactory.newInstance().newDocumentBuilder();
    for (String svg : page.split("(?=<svg)|(?<=</svg>)", -1)) {
      if (svg.startsWith("<svg")) {
        assertEquals(
            "svg",
            requireNonNull(builder.parse(new InputSource(new StringReader(svg))))
                .getDocumentElement()
                .getTagName());
      }
    }
  }

  @Test
  void curves_ofADamagedLog_areThoseOfItsWholeLines() throws IOException {
    Files.createDirectory(run);
    Files.writeString(run.resolve("run.json"), "no JSON");
    Files.writeString(
        run.resolve("log.jsonl"),
        """
        {"step":1,"epoch":0,"loss":2.5,"note":"text"}
        []
        {"step":2,"epoch":0,"loss":null}
        {"step":3,"epoch":0,"loss":1.5}
        {"step":4,"ep""",
        StandardCharsets.UTF_8);

    String page = Files.readString(CurvesPage.write(run));

    assertTrue(page.contains("after step 3, epoch 0</p>"), page);
    assertTrue(page.contains("<span class='train'>last 1.5</span>"), page);
    assertFalse(page.contains("note"), page);
  }

  @Test
  void curves_withoutALog_areEmpty() throws IOException {
    Files.createDirectory(run);

    List<String> lines = new ArrayList<>(Files.readAllLines(CurvesPage.write(run)));

    assertTrue(lines.contains("<p>no update yet</p>"), lines.toString());
  }
}
