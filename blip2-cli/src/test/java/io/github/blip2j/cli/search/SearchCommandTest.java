package io.github.blip2j.cli.search;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.google.gson.JsonArray;
import com.google.gson.JsonObject;
import io.github.blip2j.cli.Shell;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Photos are indexed and found, with the scores of {@code blip2 match}. */
final class SearchCommandTest {
  private static final Path GOLDEN = Path.of("../blip2-llm/src/test/resources/golden");
  private static final String MODEL = GOLDEN.resolve("hf-itm").toString();
  private static final String OTHER_MODEL = GOLDEN.resolve("lavis-stage1").toString();
  private static final String TEXT = "a red star";

  @TempDir Path temporary;
  private Path photos = Path.of("");
  private String index = "";

  @BeforeEach
  void copyPhotos() throws IOException {
    photos = Files.createDirectory(temporary.resolve("photos")).toRealPath();
    for (String name : List.of("a.png", "b.png", "c.png")) {
      Files.copy(Path.of(MODEL, "images", name), photos.resolve(name));
    }
    index = photos.resolve(".blip2-index").toString();
  }

  private Shell index(String... more) {
    return Shell.run(joined(new String[] {"index", photos.toString(), "--model", MODEL}, more));
  }

  private Shell search(String... more) {
    return Shell.run(joined(new String[] {"search", "--index", index}, more));
  }

  private static String[] joined(String[] first, String... more) {
    String[] all = Arrays.copyOf(first, first.length + more.length);
    System.arraycopy(more, 0, all, first.length, more.length);
    return all;
  }

  @Test
  void search_byText_hasTheScoresOfMatch() {
    JsonObject made = index("--json").json();
    assertEquals(3, made.get("embedded").getAsInt());

    JsonArray results = search(TEXT, "--rerank", "3", "--json").json().getAsJsonArray("results");

    assertEquals(3, results.size());
    double last = Double.POSITIVE_INFINITY;
    for (var each : results) {
      JsonObject hit = each.getAsJsonObject();
      JsonObject match =
          Shell.run(
                  "match",
                  hit.get("path").getAsString(),
                  "--text",
                  TEXT,
                  "--model",
                  MODEL,
                  "--json")
              .json()
              .getAsJsonArray("results")
              .get(0)
              .getAsJsonObject();
      assertEquals(match.get("itc").getAsDouble(), hit.get("similarity").getAsDouble(), 1e-5);
      assertEquals(match.get("itm_logit").getAsDouble(), hit.get("itm_logit").getAsDouble(), 1e-5);
      double score = hit.get("similarity").getAsDouble() + hit.get("itm_logit").getAsDouble();
      assertTrue(score <= last);
      last = score;
      assertEquals("present", hit.get("state").getAsString());
    }
  }

  @Test
  void search_byPicture_findsIt_andItsCopy() throws IOException {
    index();
    Files.copy(photos.resolve("b.png"), photos.resolve("copy.png"));
    String said = index().out();
    assertTrue(
        said.contains(": 4 photos: 1 new, 0 changed, 0 moved, 0 removed, 3 as before"), said);
    assertTrue(said.contains("0 photos looked at"), said);

    Shell found = search("--image", photos.resolve("copy.png").toString(), "--top", "1");

    assertEquals("1.0000  " + photos.resolve("b.png") + " (copies: 1)\n", found.out());
    assertEquals(
        "2 photos, similarity 1.0000 or more:\n  "
            + photos.resolve("b.png")
            + "\n  "
            + photos.resolve("copy.png")
            + "\n",
        search("--duplicates", "--threshold", "1").out());
  }

  @Test
  void sheet_needsNoNetwork_escapesNames_andReplacesNoPhoto() throws IOException {
    Path evil = photos.resolve("<img src=x onerror=alert(1)>&\"'.png");
    Files.move(photos.resolve("a.png"), evil);
    index();
    Files.delete(photos.resolve("c.png"));
    Path sheet = temporary.resolve("sheet.html");

    assertEquals(0, search("<b>two</b> cats", "--html", sheet.toString()).exit());

    String html = Files.readString(sheet);
    assertTrue(html.startsWith("<!DOCTYPE html>"));
    assertTrue(
        html.contains("Content-Security-Policy\" content=\"default-src 'none'; img-src data:;"));
    assertTrue(html.contains("&lt;img src=x onerror=alert(1)&gt;&amp;&quot;&#39;.png"));
    assertTrue(html.contains("<h1>&lt;b&gt;two&lt;/b&gt; cats</h1>"));
    assertTrue(html.contains("<span class=\"mark\">gone</span> c.png"));
    assertEquals(2, html.split("data:image/jpeg;base64,", -1).length - 1);
    for (String absent :
        List.of("<img src", "<script", "http://", "https://", "style=\"", " onerror=\"")) {
      assertFalse(html.contains(absent), absent);
    }
    Shell refused = search(TEXT, "--html", photos.resolve("b.png").toString());
    assertEquals(1, refused.exit());
    assertTrue(refused.err().contains("an HTML page expected to be replaced"), refused.err());
  }

  @Test
  void wrongUse_isToldInALine() {
    index();

    assertTold(2, search(), "search: a text, --image or --duplicates expected, got none of them");
    assertTold(2, search(TEXT, "--duplicates"), "got several of them");
    assertTold(2, search(TEXT, "--after", "May"), "--after: day expected as 2023-05-31, got May");
    assertTold(2, search(TEXT, "--top", "0"), "top expected 1 or more, got 0");
    assertTold(2, search("--duplicates", "--threshold", "2"), "threshold expected above 0");
    assertTold(2, search(TEXT, "--threshold", "0.9"), "--threshold: --duplicates expected beside");
    for (String option :
        List.of(
            "--folder=2023", "--after=2023-01-01", "--before=2023-01-01", "--top=3", "--exact")) {
      String name = option.substring(0, (option + "=").indexOf('='));
      assertTold(
          2,
          search("--duplicates", option),
          name + ": a text or --image expected beside it, got --duplicates");
    }
    assertTold(2, search("--image", "x.png", "--rerank", "3"), "a text expected beside it");
    assertTold(1, search("--image", "no.png"), "no.png: image expected");
    assertTold(1, search(TEXT, "--model", OTHER_MODEL), "expected, got one of");
    assertTold(
        1, Shell.run("index", "nowhere", "--model", MODEL), "nowhere: folder of photos expected");
    assertTold(
        1,
        Shell.run("search", TEXT, "--index", temporary.resolve("none").toString()),
        "index expected, got none; make one with blip2 index FOLDER");
  }

  private static void assertTold(int exit, Shell shell, String message) {
    assertTrue(shell.err().contains(message), shell.err());
    assertEquals(exit, shell.exit(), shell.err());
    assertEquals(1, shell.err().lines().count(), shell.err());
    assertEquals("", shell.out());
  }
}
