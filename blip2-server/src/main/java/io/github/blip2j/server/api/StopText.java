package io.github.blip2j.server.api;

import com.google.gson.JsonElement;
import java.util.List;

/** Ends a text before the first of some strings. */
final class StopText {
  private static final int MOST = 4;

  private final List<String> stops;
  private final int longest;
  private final StringBuilder held = new StringBuilder(); // may be the beginning of a stop
  private boolean stopped;

  private StopText(List<String> stops) {
    this.stops = stops;
    this.longest = stops.stream().mapToInt(String::length).max().orElse(1);
  }

  /** The strings of the field {@code stop}: none, one, or up to four. */
  static List<String> read(Fields fields) {
    JsonElement stop = fields.get("stop");
    if (stop == null || (stop.isJsonArray() && stop.getAsJsonArray().isEmpty())) {
      return List.of();
    }
    List<String> texts = fields.strings("stop", MOST);
    if (texts.stream().anyMatch(String::isEmpty)) {
      throw ApiException.invalid(
          fields.path("stop"), "strings with text expected, got an empty one");
    }
    return texts;
  }

  /** For a text that comes in pieces. */
  static StopText of(List<String> stops) {
    return new StopText(stops);
  }

  /** The part of a whole text before the first stop. */
  static String cut(String text, List<String> stops) {
    int end = text.length();
    for (String stop : stops) {
      int at = text.indexOf(stop);
      end = at >= 0 ? Math.min(end, at) : end;
    }
    return text.substring(0, end);
  }

  /** What can be told of the text so far, and was not; empty after a stop. */
  String next(String piece) {
    if (stopped) {
      return "";
    }
    held.append(piece);
    String text = held.toString();
    String before = cut(text, stops);
    stopped = before.length() < text.length();
    int told = stopped ? before.length() : Math.max(0, text.length() - longest + 1);
    held.setLength(0);
    if (!stopped) {
      held.append(text, told, text.length());
    }
    return text.substring(0, told);
  }

  /** The rest, when no more pieces come. */
  String rest() {
    String rest = held.toString();
    held.setLength(0);
    return rest;
  }
}
