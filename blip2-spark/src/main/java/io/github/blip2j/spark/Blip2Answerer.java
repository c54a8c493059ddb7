package io.github.blip2j.spark;

import org.apache.spark.ml.param.IntParam;
import org.apache.spark.ml.param.Param;
import org.apache.spark.ml.util.DefaultParamsReader;
import org.apache.spark.ml.util.Identifiable;
import org.apache.spark.ml.util.MLReader;
import org.apache.spark.sql.Dataset;
import org.apache.spark.sql.Row;

/** {@link Answers} as a step of a pipeline. */
public final class Blip2Answerer extends PictureTransformer<Blip2Answerer> {
  private static final long serialVersionUID = 1L;

  private final Param<String> questionCol;
  private final Param<String> question;
  private final IntParam beams;
  private final IntParam maxNewTokens;

  /** With a name of its own. */
  public Blip2Answerer() {
    this(Identifiable.randomUID("blip2Answerer"));
  }

  /** With this name, as it is read again. */
  public Blip2Answerer(String uid) {
    super(uid, "answer");
    questionCol = text("questionCol", "column of questions, used unless question is set");
    question = text("question", "one question about all pictures");
    beams = new IntParam(uid, "beams", "of beam search, 0 for the model's usual number");
    maxNewTokens = new IntParam(uid, "maxNewTokens", "limit, 0 for the model's usual one");
    setDefault(questionCol, "question");
    setDefault(beams, 0);
    setDefault(maxNewTokens, 0);
  }

  /** Reads steps. */
  public static MLReader<Blip2Answerer> read() {
    return new DefaultParamsReader<>();
  }

  /** Reads a step that was saved in a folder. */
  public static Blip2Answerer load(String folder) {
    return read().load(folder);
  }

  /** The column of questions. */
  public Param<String> questionCol() {
    return questionCol;
  }

  /** The question about all pictures. */
  public Param<String> question() {
    return question;
  }

  /** The beams of beam search. */
  public IntParam beams() {
    return beams;
  }

  /** The length limit. */
  public IntParam maxNewTokens() {
    return maxNewTokens;
  }

  /** Takes the question about each picture from this column. */
  public Blip2Answerer setQuestionCol(String column) {
    set(questionCol, column);
    return this;
  }

  /** Asks this about all pictures, whatever columns there are. */
  public Blip2Answerer setQuestion(String text) {
    set(question, text);
    return this;
  }

  /** Decodes with so many beams; 0 for the model's usual number. */
  public Blip2Answerer setBeams(int count) {
    set(beams, count);
    return this;
  }

  /** Limits the length; 0 for the model's usual limit. */
  public Blip2Answerer setMaxNewTokens(int tokens) {
    set(maxNewTokens, tokens);
    return this;
  }

  private TextSource source() {
    return isSet(question)
        ? TextSource.of(getOrDefault(question))
        : TextSource.column(getOrDefault(questionCol));
  }

  private Decoding decoding() {
    return new Decoding((Integer) getOrDefault(beams), (Integer) getOrDefault(maxNewTokens));
  }

  @Override
  PictureWork work() {
    return new PictureWork.Answer(source(), decoding());
  }

  @Override
  Blip2Answerer self() {
    return this;
  }

  @Override
  Dataset<Row> with(Dataset<?> pictures, InferenceOptions options, SparkMetrics counted) {
    return Answers.of(pictures, source(), options, decoding(), counted);
  }
}
