package io.github.blip2j.blip2.captions;

import io.github.blip2j.blip2.text.Generated;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** Rows of comma-separated values (RFC 4180), with a header; lines end with a line feed alone. */
final class CsvRows implements RecordFormat {
  private static final char QUOTE = '"';

  private final int texts;

  /** Rows with this number of texts. */
  CsvRows(int texts) {
    this.texts = texts;
  }

  @Override
  public String name() {
    return "comma-separated values";
  }

  @Override
  public String header() {
    var header = new StringBuilder("image,caption,score");
    for (int i = 2; i <= texts; i++) {
      header.append(",caption_").append(i).append(",score_").append(i);
    }
    return header.append('\n').toString();
  }

  @Override
  public String record(String image, List<Generated> found) {
    var row = new StringBuilder(quoted(image));
    for (Generated text : found) {
      row.append(',').append(quoted(text.text())).append(',');
      row.append(Double.isFinite(text.score()) ? Double.toString(text.score()) : "");
    }
    return row.append(",,".repeat(Math.max(0, texts - found.size()))).append('\n').toString();
  }

  @Override
  public int texts() {
    return texts;
  }

  @Override
  public int textsIn(String text) {
    String header = text.substring(0, Math.max(0, text.indexOf('\n') + 1));
    int columns = (int) header.chars().filter(c -> c == ',').count();
    int found = columns / 2;
    return found > 0 && new CsvRows(found).header().equals(header) ? found : 0;
  }

  @Override
  public int endOf(String text, int from) {
    boolean quoted = false;
    for (int i = from; i < text.length(); i++) {
      char c = text.charAt(i);
      if (c == QUOTE) {
        quoted = !quoted; // a doubled quote ends the quotes and begins them again
      } else if (c == '\n' && !quoted) {
        return i + 1;
      }
    }
    return -1;
  }

  @Override
  public boolean mayBegin(String text) {
    return true; // the header has identified the file
  }

  @Override
  public @Nullable String imageOf(String record) {
    if (record.charAt(0) != QUOTE) {
      int comma = record.indexOf(',');
      return comma <= 0 ? null : record.substring(0, comma);
    }
    var image = new StringBuilder();
    for (int i = 1; i < record.length(); i++) {
      if (record.charAt(i) != QUOTE) {
        image.append(record.charAt(i));
      } else if (record.charAt(i + 1) == QUOTE) { // a record ends with a line feed
        image.append(record.charAt(i++));
      } else {
        return record.charAt(i + 1) == ',' ? image.toString() : null;
      }
    }
    return null;
  }

  private static String quoted(String value) {
    boolean plain = !value.isEmpty() && value.chars().noneMatch(c -> "\",\r\n".indexOf(c) >= 0);
    return plain ? value : QUOTE + value.replace("\"", "\"\"") + QUOTE;
  }
}
