package io.github.blip2j.io.torch;

import java.math.BigInteger;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * A dict key that is neither a string nor an integer, compared by its spelling. A tuple may be
 * nested and even contain itself, so its parts are not compared. A key of more than {@link
 * #LONGEST} letters equals only itself.
 */
final class PickleKey implements Comparable<PickleKey> {
  private static final int LONGEST = 200;

  private final String text;
  private final boolean spelled;

  private PickleKey(String text, boolean spelled) {
    this.text = text;
    this.spelled = spelled;
  }

  /** The key to use for {@code key} in a dict: strings and integers stay as they are. */
  static Object of(Object key) {
    if (key instanceof String || key instanceof Long) {
      return key;
    }
    var text = new StringBuilder();
    boolean spelled = spell(key, text);
    return new PickleKey(spelled ? text.toString() : "?", spelled);
  }

  /** Appends a value in Python's spelling; false if it is too long or has no spelling. */
  private static boolean spell(Object value, StringBuilder into) {
    if (into.length() > LONGEST) {
      return false;
    }
    if (value instanceof List<?> tuple) { // lists cannot be keys
      into.append('(');
      for (int i = 0; i < tuple.size(); i++) {
        into.append(i == 0 ? "" : ", ");
        if (!spell(tuple.get(i), into)) {
          return false;
        }
      }
      into.append(tuple.size() == 1 ? ",)" : ")");
      return true;
    }
    @Nullable String scalar = scalar(value);
    into.append(scalar);
    return scalar != null && into.length() <= LONGEST;
  }

  private static @Nullable String scalar(Object value) {
    if (value instanceof String string) {
      return string.length() > LONGEST ? null : "'" + string + "'";
    }
    if (value instanceof Boolean bool) {
      return bool ? "True" : "False";
    }
    if (value instanceof PickleClass of) {
      return of.name();
    }
    if (value == Pickle.NONE) {
      return "None";
    }
    boolean small = !(value instanceof BigInteger big) || big.bitLength() <= LONGEST;
    return value instanceof Number && small ? value.toString() : null;
  }

  @Override
  public boolean equals(@Nullable Object other) {
    return this == other
        || (other instanceof PickleKey key && spelled && key.spelled && text.equals(key.text));
  }

  @Override
  public int hashCode() {
    return spelled ? text.hashCode() : System.identityHashCode(this);
  }

  /** By spelling, so that dicts stay fast if keys were chosen to have equal hashes. */
  @Override
  public int compareTo(PickleKey other) {
    return spelled == other.spelled ? text.compareTo(other.text) : Boolean.compare(spelled, true);
  }

  /** The spelling, or "?". */
  @Override
  public String toString() {
    return text;
  }
}
