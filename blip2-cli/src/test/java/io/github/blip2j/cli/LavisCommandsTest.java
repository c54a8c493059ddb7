package io.github.blip2j.cli;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.google.gson.JsonObject;
import io.github.blip2j.io.Checkpoint;
import io.github.blip2j.io.tensor.TensorEntry;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Commands that run as LAVIS would, and on what LAVIS stores. */
final class LavisCommandsTest {
  private static final Path MODEL =
      Path.of("..", "blip2-llm", "src", "test", "resources", "golden", "hf-opt");
  private static final String CIRCLE = Shell.image("a.png");
  private static final String SQUARES = Shell.image("b.png");

  private final Path folder;

  LavisCommandsTest(@TempDir Path folder) {
    this.folder = folder;
  }

  @Test
  void caption_asLavis_decodesWithItsBeams() {
    Shell lavis = Shell.golden("caption", CIRCLE, "--convention", "lavis", "--json");
    Shell beams =
        Shell.golden("caption", CIRCLE, "--num-beams", "5", "--max-new-tokens=29", "--json");

    assertEquals(beams.texts(), lavis.texts());
    // Four tokens with the end, divided as three and the one that they began with.
    double score = beams.firstSequence().get("score").getAsDouble();
    assertEquals(score, lavis.firstSequence().get("score").getAsDouble(), 1e-5);
    assertEquals("", lavis.err());
  }

  @Test
  void caption_asLavis_optionsChangeItsDefaults() {
    Shell three =
        Shell.golden(
            "caption", CIRCLE, "--flavour=lavis", "--num-return=3", "--length-penalty=0", "--json");
    Shell greedy =
        Shell.golden("caption", CIRCLE, "--flavour=lavis", "--num-beams=1", "--length-penalty=0");

    assertEquals(3, three.texts().size());
    assertEquals("", three.err());
    assertEquals(
        new Shell(
            0, "a red circle\n", "blip2: --length-penalty has no effect without --num-beams\n"),
        greedy);
  }

  @Test
  void vqa_asLavis_cleansTheQuestion() {
    Shell shell =
        Shell.golden(
            "vqa",
            SQUARES,
            "--question",
            "What color is: the star?",
            "--convention=lavis",
            "--json");

    String prompt =
        shell.json().getAsJsonArray("results").get(0).getAsJsonObject().get("prompt").getAsString();
    assertEquals("Question: what color is the star? Answer:", prompt);
  }

  @Test
  void caption_partsOfLavis_areLoaded() throws IOException {
    Path trained = trained();
    String[] parts = {
      "--model",
      trained.toString(),
      "--language",
      language().toString(),
      "--vision",
      MODEL.toString()
    };

    Shell lavis = Shell.run(with(parts, "caption", CIRCLE, "--max-new-tokens=4", "--json"));
    Shell huggingFace =
        Shell.run(with(parts, "caption", CIRCLE, "--flavour=hf", "--max-new-tokens=4"));

    assertEquals(1, lavis.texts().size(), lavis::toString);
    assertEquals(4, lavis.firstSequence().getAsJsonArray("token_ids").size());
    assertTrue(huggingFace.out().startsWith("a red circle"), huggingFace::toString);
  }

  @Test
  void convert_trainedPartThereAndBack_isTheSame() throws IOException {
    Path hf = folder.resolve("hf");
    Path trained = trained();
    Path back = folder.resolve("back.pth");

    Shell to =
        Shell.run(
            "convert",
            "--from=lavis",
            "--language=" + language(),
            "--vision=" + MODEL,
            trained.toString(),
            hf.toString());
    Shell from = Shell.run("convert", "--from=hf", "--trained", hf.toString(), back.toString());

    assertEquals(0, to.exit(), to::toString);
    assertEquals(0, from.exit(), from::toString);
    assertEquals(tensors(MODEL), tensors(hf));
    assertEquals(tensors(trained), tensors(back));
  }

  @Test
  void convention_ofAnotherKind_exits2() {
    Shell shell = Shell.golden("caption", CIRCLE, "--convention", "blip");

    assertEquals(2, shell.exit());
    assertTrue(shell.err().contains("convention expected lavis or hf, got blip"), shell.err());
  }

  @Test
  void parts_thatContradict_exit2() {
    assertFails(
        "--vision: --language expected beside it, got none; a Hugging Face folder needs neither",
        "caption",
        CIRCLE,
        "--model=a.pth",
        "--vision=b.pth");
    assertFails(
        "--bert: --language expected beside it, got none; a Hugging Face folder needs neither",
        "caption",
        CIRCLE,
        "--model=a.pth",
        "--bert=b");
    assertFails(
        "--language: --model expected to be a .pth of LAVIS's second stage, got none",
        "caption",
        CIRCLE,
        "--language=opt");
    assertFails(
        "convert: --language expected with --from lavis only, got it for a complete folder",
        "convert",
        "--from=hf",
        "--language=opt",
        "a",
        "b");
    assertFails(
        "convert: --trained expected with --from hf only, got it for LAVIS's",
        "convert",
        "--from=lavis",
        "--trained",
        "a",
        "b");
    assertFails(
        "convert: heads expected in a model.json beside each part, got them as options",
        "convert",
        "--from=lavis",
        "--language=opt",
        "--heads-vision=1",
        "--heads-qformer=1",
        "a",
        "b");
  }

  @Test
  void rank_partsOfLavis_orderAsTheirFolder() throws IOException {
    String[] asked = {
      "rank",
      SQUARES,
      "--question=what color is the star?",
      "--candidate=red",
      "--candidate=yellow",
      "--flavour=lavis",
      "--json"
    };
    String[] parts = {"--model=" + trained(), "--language=" + language(), "--vision=" + MODEL};

    JsonObject folder = Shell.run(with(new String[] {"--model=" + MODEL}, asked)).json();
    JsonObject ofParts = Shell.run(with(parts, asked)).json();

    assertEquals(texts(folder), texts(ofParts));
    assertEquals(List.of("yellow", "red"), texts(ofParts));
  }

  /** The candidates, best first. */
  private static List<String> texts(JsonObject ranking) {
    List<String> texts = new ArrayList<>();
    JsonObject result = ranking.getAsJsonArray("results").get(0).getAsJsonObject();
    result
        .getAsJsonArray("candidates")
        .forEach(each -> texts.add(each.getAsJsonObject().get("text").getAsString()));
    return texts;
  }

  private static void assertFails(String message, String... args) {
    assertEquals(new Shell(2, "", "blip2: " + message + "\n"), Shell.run(args));
  }

  private static String[] with(String[] more, String... args) {
    List<String> all = new ArrayList<>(List.of(args));
    all.addAll(List.of(more));
    return all.toArray(String[]::new);
  }

  private Path trained() throws IOException {
    return LavisParts.trained(MODEL, folder);
  }

  private Path language() throws IOException {
    return LavisParts.language(MODEL, folder);
  }

  private static List<String> tensors(Path path) throws IOException {
    List<String> tensors = new ArrayList<>();
    try (Checkpoint checkpoint = Checkpoint.open(path)) {
      for (TensorEntry entry : checkpoint.tensors().values()) {
        ByteBuffer bytes = ByteBuffer.allocate((int) entry.byteSize());
        checkpoint.read(entry.name(), bytes);
        tensors.add(entry.name() + entry.shape() + bytes.flip().hashCode());
      }
    }
    return tensors;
  }
}
