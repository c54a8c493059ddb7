package io.github.blip2j.text.tokenizer;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.util.Base64;
import java.util.Map;
import java.util.TreeMap;

/**
 * A small table of replacements as SentencePiece stores them: a double-array trie, built the simple
 * way, each node's children wherever they fit first.
 */
final class TinyCharsMap {
  private static final Map<String, String> RULES =
      new TreeMap<>(
          Map.of(
              "\u00e9",
              "e",
              "e\u0301",
              "E",
              "\u2460",
              "(1)",
              "\r",
              " ",
              "\ufb01",
              "fi",
              "\u3000",
              " ",
              "\uff03",
              "#",
              "a\u0300\u0301",
              "A",
              "\u0120",
              "",
              "\u0e01\u0e47",
              "k"));

  private final int[] units = new int[4096];
  private final boolean[] used = new boolean[4096];
  private final boolean[] bases = new boolean[4096]; // or a node would see another's children
  private final StringBuilder texts = new StringBuilder();

  static String base64() {
    var map = new TinyCharsMap();
    map.used[0] = true;
    map.place(0, "");
    byte[] replacements = map.texts.toString().getBytes(StandardCharsets.UTF_8);
    ByteBuffer bytes =
        ByteBuffer.allocate(4 + 4 * map.units.length + replacements.length)
            .order(ByteOrder.LITTLE_ENDIAN);
    bytes.putInt(4 * map.units.length);
    for (int unit : map.units) {
      bytes.putInt(unit);
    }
    return Base64.getEncoder().encodeToString(bytes.put(replacements).array());
  }

  /**
   * Places the children of the node at {@code at}, which spells {@code prefix}, one byte a char.
   */
  private void place(int at, String prefix) {
    var children = new TreeMap<Integer, String>();
    String text = null;
    for (Map.Entry<String, String> rule : RULES.entrySet()) {
      String key =
          new String(rule.getKey().getBytes(StandardCharsets.UTF_8), StandardCharsets.ISO_8859_1);
      if (key.equals(prefix)) {
        text = rule.getValue();
      } else if (key.startsWith(prefix)) {
        children.put((int) key.charAt(prefix.length()), key.substring(0, prefix.length() + 1));
      }
    }
    int base = base(at, children, text != null);
    units[at] |= (base ^ at) << 10 | (text == null ? 0 : 1 << 8);
    if (text != null) {
      used[base] = true;
      units[base] = 1 << 31 | texts.toString().getBytes(StandardCharsets.UTF_8).length;
      texts.append(text).append('\0');
    }
    children.keySet().forEach(label -> used[base ^ label] = true);
    children.forEach(
        (label, key) -> {
          units[base ^ label] = label;
          place(base ^ label, key);
        });
  }

  private int base(int at, Map<Integer, String> children, boolean leaf) {
    for (int base = 256; base < used.length - 256; base++) {
      int candidate = base;
      boolean free = children.keySet().stream().noneMatch(label -> used[candidate ^ label]);
      if (free && !bases[base] && candidate != at && !(leaf && used[candidate])) {
        bases[base] = true;
        return candidate;
      }
    }
    throw new AssertionError("the table is full");
  }
}
