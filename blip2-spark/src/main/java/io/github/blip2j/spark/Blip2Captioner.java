package io.github.blip2j.spark;

import org.apache.spark.ml.param.IntParam;
import org.apache.spark.ml.param.Param;
import org.apache.spark.ml.util.DefaultParamsReader;
import org.apache.spark.ml.util.Identifiable;
import org.apache.spark.ml.util.MLReader;
import org.apache.spark.sql.Dataset;
import org.apache.spark.sql.Row;

/** {@link Captions} as a step of a pipeline. */
public final class Blip2Captioner extends PictureTransformer<Blip2Captioner> {
  private static final long serialVersionUID = 1L;

  private final Param<String> prompt;
  private final IntParam beams;
  private final IntParam maxNewTokens;

  /** With a name of its own. */
  public Blip2Captioner() {
    this(Identifiable.randomUID("blip2Captioner"));
  }

  /** With this name, as it is read again. */
  public Blip2Captioner(String uid) {
    super(uid, "caption");
    prompt = text("prompt", "text that captions continue, may be empty");
    beams = new IntParam(uid, "beams", "of beam search, 0 for the model's usual number");
    maxNewTokens = new IntParam(uid, "maxNewTokens", "limit, 0 for the model's usual one");
    setDefault(prompt, "");
    setDefault(beams, 0);
    setDefault(maxNewTokens, 0);
  }

  /** Reads steps. */
  public static MLReader<Blip2Captioner> read() {
    return new DefaultParamsReader<>();
  }

  /** Reads a step that was saved in a folder. */
  public static Blip2Captioner load(String folder) {
    return read().load(folder);
  }

  /** The text that captions continue. */
  public Param<String> prompt() {
    return prompt;
  }

  /** The beams of beam search. */
  public IntParam beams() {
    return beams;
  }

  /** The length limit. */
  public IntParam maxNewTokens() {
    return maxNewTokens;
  }

  /** Continues this text, which may be empty. */
  public Blip2Captioner setPrompt(String text) {
    set(prompt, text);
    return this;
  }

  /** Decodes with so many beams; 0 for the model's usual number. */
  public Blip2Captioner setBeams(int count) {
    set(beams, count);
    return this;
  }

  /** Limits the length; 0 for the model's usual limit. */
  public Blip2Captioner setMaxNewTokens(int tokens) {
    set(maxNewTokens, tokens);
    return this;
  }

  private Decoding decoding() {
    return new Decoding((Integer) getOrDefault(beams), (Integer) getOrDefault(maxNewTokens));
  }

  @Override
  PictureWork work() {
    return new PictureWork.Caption(getOrDefault(prompt), decoding());
  }

  @Override
  Blip2Captioner self() {
    return this;
  }

  @Override
  Dataset<Row> with(Dataset<?> pictures, InferenceOptions options, SparkMetrics counted) {
    return Captions.of(pictures, options, getOrDefault(prompt), decoding(), counted);
  }
}
