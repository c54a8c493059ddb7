package io.github.blip2j.io.file;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Set;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.function.Executable;
import org.junit.jupiter.api.io.TempDir;

final class ConfigJsonTest {
  private final Path folder;

  ConfigJsonTest(@TempDir Path folder) {
    this.folder = folder;
  }

  @Test
  void getters_presentValues_returnThem() throws IOException {
    ConfigJson config =
        read(
            "{'n':7,'eps':1e-5,'on':true,'name':'x','eos':[2,3],'mean':[0.5,1],"
                + "'text_config':{'n':8}}");

    assertEquals(7, config.intAt("n"));
    assertEquals(1e-5, config.doubleAt("eps"));
    assertEquals(7, config.doubleAt("n"));
    assertTrue(config.booleanAt("on"));
    assertEquals("x", config.stringAt("name"));
    assertArrayEquals(new int[] {2, 3}, config.intsAt("eos"));
    assertArrayEquals(new int[] {7}, config.intsAt("n"));
    assertArrayEquals(new double[] {0.5, 1}, config.doublesAt("mean"));
    assertEquals(8, config.child("text_config").intAt("n"));
    assertTrue(config.hasChild("text_config"));
    assertFalse(config.hasChild("n"));
    assertEquals("config.json: text_config", config.child("text_config").toString());
  }

  @Test
  void parse_text_isReadLikeAFile() throws IOException {
    ConfigJson config = ConfigJson.parse("sizes", "{\"text_config\":{\"n\":8}}");

    assertEquals(8, config.child("text_config").intAt("n"));
    assertEquals("sizes: text_config", config.child("text_config").toString());
  }

  @Test
  void getters_absentOrNull_returnTheDefault() throws IOException {
    ConfigJson config = read("{'n':null}");

    assertFalse(config.has("n"));
    assertEquals(Set.of(), config.keys());
    assertEquals(3, config.intAt("n", 3));
    assertEquals(0.5, config.doubleAt("n", 0.5));
    assertTrue(config.booleanAt("n", true));
    assertEquals("y", config.stringAt("n", "y"));
    assertEquals(Set.of(), config.childOrEmpty("n").keys());
    assertEquals("config.json: n is missing", failure(() -> config.intAt("n")));
  }

  @Test
  void isNull_isTrueOfANullOnly() throws IOException {
    ConfigJson config = read("{'n':null,'list':[null],'zero':0,'child':{'n':null}}");

    assertTrue(config.isNull("n"));
    assertTrue(config.child("child").isNull("n"));
    assertFalse(config.isNull("list"));
    assertFalse(config.isNull("zero"));
    assertFalse(config.isNull("absent"));
  }

  @Test
  void getters_wrongKind_nameFileAndKeyPath() throws IOException {
    ConfigJson config = read("{'t':{'a':'abc','big':3000000000,'half':1.5,'list':[1,null]}}");
    ConfigJson t = config.child("t");

    assertEquals("config.json: t.a expected an integer, got \"abc\"", failure(() -> t.intAt("a")));
    assertEquals(
        "config.json: t.big expected an integer, got 3000000000", failure(() -> t.intAt("big")));
    assertEquals(
        "config.json: t.half expected an integer, got 1.5", failure(() -> t.intAt("half")));
    assertEquals("config.json: t.a expected a number, got \"abc\"", failure(() -> t.doubleAt("a")));
    assertEquals(
        "config.json: t.list expected a number, got null", failure(() -> t.doublesAt("list")));
    assertEquals(
        "config.json: t.list expected an integer, got null", failure(() -> t.intsAt("list")));
    assertEquals(
        "config.json: t.a expected true or false, got \"abc\"", failure(() -> t.booleanAt("a")));
    assertEquals(
        "config.json: t.big expected a string, got 3000000000", failure(() -> t.stringAt("big")));
    assertEquals(
        "config.json: t.list expected an object, got a list of 2", failure(() -> t.child("list")));
    assertEquals(
        "config.json: t expected an integer, got an object", failure(() -> config.intAt("t")));
  }

  @Test
  void getters_missingKey_namesItsPath() throws IOException {
    ConfigJson config = read("{'vision_config':{}}");

    assertEquals(
        "config.json: vision_config.hidden_size is missing",
        failure(() -> config.child("vision_config").intAt("hidden_size")));
    assertEquals("config.json: text_config is missing", failure(() -> config.child("text_config")));
  }

  @Test
  void read_longValue_isShortenedInTheMessage() throws IOException {
    ConfigJson config = read("{'a':'" + "x".repeat(100) + "'}");

    assertEquals(
        "config.json: a expected an integer, got \"" + "x".repeat(59) + "...",
        failure(() -> config.intAt("a")));
  }

  @Test
  void read_malformedText_isRefused() {
    String malformed = "config.json: JSON expected, got malformed text";

    assertEquals(malformed, failure(() -> read("{'a':NaN}")));
    assertEquals(malformed, failure(() -> read("{'a':1,}")));
    assertEquals(malformed, failure(() -> read("{'a':1} x")));
    assertEquals(
        "config.json: keys expected to differ, got \"a\" twice",
        failure(() -> read("{'a':null,'a':2}")));
  }

  @Test
  void read_missingFile_namesThePath() {
    Path path = folder.resolve("config.json");

    assertEquals(
        path + ": file expected, got none; check the path", failure(() -> ConfigJson.read(path)));
  }

  @Test
  void read_endlessList_isRefusedBeforeItsEnd() {
    String json = "{'a':[" + "1,".repeat(4_000_000) + "1]}";

    assertEquals(
        "config.json: JSON expected to hold at most 4000000 values, got more",
        failure(() -> read(json)));
  }

  private ConfigJson read(String json) throws IOException {
    Path path = folder.resolve("config.json");
    return ConfigJson.read(Files.writeString(path, json.replace('\'', '"')));
  }

  private static String failure(Executable action) {
    return String.valueOf(assertThrows(CheckpointException.class, action).getMessage());
  }
}
