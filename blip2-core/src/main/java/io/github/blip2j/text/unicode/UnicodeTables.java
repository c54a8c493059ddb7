package io.github.blip2j.text.unicode;

import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStream;
import java.io.InputStreamReader;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.BitSet;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;

/**
 * Tables of code points, generated from the results of the reference implementations (decision 15).
 * Numbers in the file are in base 36; its lines are
 *
 * <pre>{@code
 * set    lengths of runs outside, inside, outside, ... the set
 * map    length:value of every run
 * pairs  distance:count:step:change of every run of code points with a lower case
 * }</pre>
 */
public final class UnicodeTables {
  private static final String FILE = "tables.txt";
  private static final int BASE = 36;
  private static final Map<String, String> LINES = lines();

  private UnicodeTables() {}

  /**
   * A set: {@code alphabetic}, {@code lowercase} and {@code uppercase} of Unicode 16, {@code
   * assigned9} in Unicode 9, {@code python.*} of Python 3.11, {@code library.*} of the tokenizers
   * library, whose parts use different versions.
   */
  public static BitSet set(String name) {
    var set = new BitSet();
    int at = 0;
    boolean inside = false;
    for (String length : line(name)) {
      int end = at + Integer.parseInt(length, BASE);
      if (inside) {
        set.set(at, end);
      }
      at = end;
      inside = !inside;
    }
    return set;
  }

  /**
   * A number for every code point: {@code categories} of Unicode 16, as numbered by {@link
   * Character#getType}, its {@code scripts}, and {@code library.scripts}.
   */
  public static byte[] map(String name) {
    byte[] map = new byte[Character.MAX_CODE_POINT + 1];
    int at = 0;
    for (String run : line(name)) {
      int colon = run.indexOf(':');
      int end = at + Integer.parseInt(run, 0, colon, BASE);
      byte value = (byte) Integer.parseInt(run, colon + 1, run.length(), BASE);
      Arrays.fill(map, at, end, value);
      at = end;
    }
    return map;
  }

  /** Names of the {@code scripts}, by their numbers. */
  public static List<String> scriptNames() {
    return List.of(line("scripts.names"));
  }

  /** Code points with a lower case of one code point, and that code point. */
  static Map<Integer, Integer> pairs(String name) {
    Map<Integer, Integer> pairs = new HashMap<>();
    int last = 0;
    for (String run : line(name)) {
      String[] parts = run.split(":", -1);
      int first = last + Integer.parseInt(parts[0], BASE);
      int count = Integer.parseInt(parts[1], BASE);
      int step = Integer.parseInt(parts[2], BASE);
      int change = Integer.parseInt(parts[3], BASE);
      for (int i = 0; i < count; i++) {
        last = first + i * step;
        pairs.put(last, last + change);
      }
    }
    return pairs;
  }

  private static String[] line(String name) {
    return Objects.requireNonNull(LINES.get(name), name).split(" ", -1);
  }

  private static Map<String, String> lines() {
    Map<String, String> lines = new HashMap<>();
    try (InputStream in = UnicodeTables.class.getResourceAsStream(FILE);
        var text =
            new BufferedReader(
                new InputStreamReader(Objects.requireNonNull(in), StandardCharsets.US_ASCII))) {
      for (String line = text.readLine(); line != null; line = text.readLine()) {
        int space = line.indexOf(' ');
        lines.put(line.substring(0, space), line.substring(space + 1));
      }
    } catch (IOException e) {
      throw new UncheckedIOException("reading a part of this library", e);
    }
    return lines;
  }
}
