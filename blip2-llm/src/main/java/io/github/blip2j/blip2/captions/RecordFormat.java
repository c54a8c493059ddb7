package io.github.blip2j.blip2.captions;

import io.github.blip2j.blip2.text.Generated;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** The format of the records in a file of captions. */
interface RecordFormat {
  /** The name in messages. */
  String name();

  /** The beginning of the file; empty or a complete line. */
  String header();

  /** One record, with its line end. */
  String record(String image, List<Generated> texts);

  /**
   * The end of the record that begins at {@code from}, after its line end.
   *
   * @return -1 if it isn't complete
   */
  int endOf(String text, int from);

  /** Whether {@code text} may be the first part of a record that a kill cut off. */
  boolean mayBegin(String text);

  /**
   * The number of texts in a record, or in each record of a file by its header.
   *
   * @param text one record, or the file from its beginning
   * @return 0 if it is not stated
   */
  int textsIn(String text);

  /** The number of texts in each record. */
  int texts();

  /**
   * The image of a complete record.
   *
   * @return null if it is no record of this format
   */
  @Nullable String imageOf(String record);
}
