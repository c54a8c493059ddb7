package io.github.blip2j.blip2.captions;

import io.github.blip2j.blip2.text.Generated;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** How captions are written one after another into a file, and found in it again. */
interface RecordFormat {
  /** What it is called in messages. */
  String name();

  /** What the file begins with; empty or a whole line. */
  String header();

  /** One record, with the end of its line. */
  String record(String image, List<Generated> texts);

  /**
   * Where the record that begins at {@code from} ends, after the end of its line.
   *
   * @return -1 if it isn't whole
   */
  int endOf(String text, int from);

  /** Whether {@code text} may be the first part of a record that a kill cut off. */
  boolean mayBegin(String text);

  /**
   * How many texts a record has, or each record of a file by its header.
   *
   * @param text one record, or the file from its beginning
   * @return 0 if it doesn't tell
   */
  int textsIn(String text);

  /** How many texts each record has. */
  int texts();

  /**
   * The picture that a whole record is about.
   *
   * @return null if it is no record of this format
   */
  @Nullable String imageOf(String record);
}
