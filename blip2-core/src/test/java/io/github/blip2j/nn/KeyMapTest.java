package io.github.blip2j.nn;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.List;
import org.junit.jupiter.api.Test;

final class KeyMapTest {
  @Test
  void identity_namesAgree() {
    assertEquals(key("a.b.weight"), KeyMap.identity().toStored("a.b.weight"));
  }

  @Test
  void rename_prefix_keepsTheRest() {
    KeyMap keys = KeyMap.builder().rename("norm", "final_layer_norm").build();

    assertEquals(key("final_layer_norm.weight"), keys.toStored("norm.weight"));
    assertEquals(key("final_layer_norm"), keys.toStored("norm"));
  }

  @Test
  void rename_toNothing_removesThePrefixAndItsDot() {
    KeyMap keys = KeyMap.builder().rename("vision", "").build();

    assertEquals(key("patches.weight"), keys.toStored("vision.patches.weight"));
    assertEquals(key("visionNorm.weight"), keys.toStored("visionNorm.weight"));
  }

  @Test
  void rename_partOfASegment_doesNotMatch() {
    KeyMap keys = KeyMap.builder().rename("norm", "final_layer_norm").build();

    assertEquals(key("normal.weight"), keys.toStored("normal.weight"));
    assertEquals(key("layers.norm.weight"), keys.toStored("layers.norm.weight"));
  }

  @Test
  void rename_stars_standForOneSegmentEachInOrder() {
    KeyMap keys = KeyMap.builder().rename("a.*.b.*", "x.*.y.*.z").build();

    assertEquals(key("x.3.y.14.z.bias"), keys.toStored("a.3.b.14.bias"));
    assertEquals(key("a.3.4.b.5"), keys.toStored("a.3.4.b.5"));
  }

  @Test
  void rename_signsOfRegularExpressions_areLetters() {
    KeyMap keys = KeyMap.builder().rename("a.b", "c$1\\d").build();

    assertEquals(key("c$1\\d.weight"), keys.toStored("a.b.weight"));
    assertEquals(key("aXb.weight"), keys.toStored("aXb.weight"));
  }

  @Test
  void rename_segmentWithDollar_isCopiedLiterally() {
    KeyMap keys = KeyMap.builder().rename("a.*", "b.*").build();

    assertEquals(key("b.$1"), keys.toStored("a.$1"));
  }

  @Test
  void rules_severalThatMatch_firstWins() {
    KeyMap keys =
        KeyMap.builder()
            .rename("a.b", "first")
            .rename("a", "second")
            .rename("a.b", "third")
            .build();

    assertEquals(key("first.weight"), keys.toStored("a.b.weight"));
    assertEquals(key("second.c.weight"), keys.toStored("a.c.weight"));
  }

  @Test
  void slice_part_isCarriedAlong() {
    KeyMap keys = KeyMap.builder().slice("l.*.key", "h.*.qkv", 1, 3).build();

    assertEquals(new KeyMap.Key("h.2.qkv.weight", 1, 3), keys.toStored("l.2.key.weight"));
  }

  @Test
  void renameToAny_severalNames_areTriedInOrder() {
    KeyMap keys = KeyMap.builder().renameToAny("words", "shared", "decoder.embed_tokens").build();

    assertEquals(
        List.of(key("shared.weight"), key("decoder.embed_tokens.weight")),
        keys.candidates("words.weight"));
    assertEquals(key("shared.weight"), keys.toStored("words.weight"));
    assertEquals(List.of(key("head")), keys.candidates("head"));
  }

  @Test
  void renameAll_prefixes_areReplacedWithTheirDots() {
    KeyMap under = KeyMap.builder().renameAll("vision.", "").build();
    KeyMap root = KeyMap.builder().renameAll("", "model.").build();

    assertEquals(key("layers.0.weight"), under.toStored("vision.layers.0.weight"));
    assertEquals(key("visionNorm.weight"), under.toStored("visionNorm.weight"));
    assertEquals(key("model.layers.0.weight"), root.toStored("layers.0.weight"));
  }

  @Test
  void prefixes_ofTheWrongForm_areRefused() {
    var bare =
        assertThrows(
            IllegalArgumentException.class, () -> KeyMap.builder().renameAll("vision", ""));
    assertEquals(
        "names: prefix expected to end with a dot, or empty, got vision; pass vision.",
        bare.getMessage());
    for (String path : List.of("", "language..layers.*", "vision.", ".layers")) {
      var e =
          assertThrows(
              IllegalArgumentException.class, () -> KeyMap.builder().rename(path, "model"));
      assertEquals(
          "names: path of segments with one dot between them expected, got '"
              + path
              + "'; a prefix such as ours ends with its dot, and is empty for a model at the root",
          e.getMessage());
    }
  }

  @Test
  void ignore_star_standsForAnything() {
    KeyMap keys = KeyMap.builder().ignore("*.position_ids").ignore("temp").build();

    assertTrue(keys.ignores("bert.embeddings.position_ids"));
    assertTrue(keys.ignores("temp"));
    assertFalse(keys.ignores("position_ids"));
    assertFalse(keys.ignores("temperature"));
    assertFalse(keys.ignores("bert.position_ids.weight"));
  }

  @Test
  void ignoreFrom_numbersFromTheFirstOn_areIgnored() {
    KeyMap keys = KeyMap.builder().ignoreFrom(2, "vit.blocks.*").build();

    assertTrue(keys.ignores("vit.blocks.2.norm.weight"));
    assertTrue(keys.ignores("vit.blocks.11.norm.weight"));
    assertFalse(keys.ignores("vit.blocks.1.norm.weight"));
    assertFalse(keys.ignores("vit.blocks.last.weight"));
    assertFalse(keys.ignores("other.vit.blocks.2.weight"));
    assertFalse(keys.ignores("vit.blocks.2"));
  }

  private static KeyMap.Key key(String name) {
    return new KeyMap.Key(name, 0, 1);
  }
}
