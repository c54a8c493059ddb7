package io.github.blip2j.spark;

import org.apache.spark.ml.param.Param;
import org.apache.spark.ml.util.DefaultParamsReader;
import org.apache.spark.ml.util.Identifiable;
import org.apache.spark.ml.util.MLReader;
import org.apache.spark.sql.Dataset;
import org.apache.spark.sql.Row;

/** {@link Matches} as a step of a pipeline. */
public final class Blip2Matcher extends PictureTransformer<Blip2Matcher> {
  private static final long serialVersionUID = 1L;

  private final Param<String> textCol;
  private final Param<String> description;

  /** With a name of its own. */
  public Blip2Matcher() {
    this(Identifiable.randomUID("blip2Matcher"));
  }

  /** With this name, as it is read again. */
  public Blip2Matcher(String uid) {
    super(uid, "match");
    textCol = text("textCol", "column of texts, used unless text is set");
    description = text("text", "one text for all pictures");
    setDefault(textCol, "text");
  }

  /** Reads steps. */
  public static MLReader<Blip2Matcher> read() {
    return new DefaultParamsReader<>();
  }

  /** Reads a step that was saved in a folder. */
  public static Blip2Matcher load(String folder) {
    return read().load(folder);
  }

  /** The column of texts. */
  public Param<String> textCol() {
    return textCol;
  }

  /** The text for all pictures. */
  public Param<String> text() {
    return description;
  }

  /** Takes the text for each picture from this column. */
  public Blip2Matcher setTextCol(String column) {
    set(textCol, column);
    return this;
  }

  /** Compares all pictures with this text, whatever columns there are. */
  public Blip2Matcher setText(String text) {
    set(description, text);
    return this;
  }

  private TextSource source() {
    return isSet(description)
        ? TextSource.of(getOrDefault(description))
        : TextSource.column(getOrDefault(textCol));
  }

  @Override
  PictureWork work() {
    return new PictureWork.Matching(source());
  }

  @Override
  Blip2Matcher self() {
    return this;
  }

  @Override
  Dataset<Row> with(Dataset<?> pictures, InferenceOptions options, SparkMetrics counted) {
    return Matches.of(pictures, source(), options, counted);
  }
}
