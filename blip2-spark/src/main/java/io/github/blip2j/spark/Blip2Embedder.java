package io.github.blip2j.spark;

import org.apache.spark.ml.util.DefaultParamsReader;
import org.apache.spark.ml.util.Identifiable;
import org.apache.spark.ml.util.MLReader;
import org.apache.spark.sql.Dataset;
import org.apache.spark.sql.Row;

/** {@link Embeddings} as a step of a pipeline. */
public final class Blip2Embedder extends PictureTransformer<Blip2Embedder> {
  private static final long serialVersionUID = 1L;

  /** With a name of its own. */
  public Blip2Embedder() {
    this(Identifiable.randomUID("blip2Embedder"));
  }

  /** With this name, as it is read again. */
  public Blip2Embedder(String uid) {
    super(uid, "embedding");
  }

  /** Reads steps. */
  public static MLReader<Blip2Embedder> read() {
    return new DefaultParamsReader<>();
  }

  /** Reads a step that was saved in a folder. */
  public static Blip2Embedder load(String folder) {
    return read().load(folder);
  }

  @Override
  PictureWork work() {
    return new PictureWork.Embedding();
  }

  @Override
  Blip2Embedder self() {
    return this;
  }

  @Override
  Dataset<Row> with(Dataset<?> pictures, InferenceOptions options, SparkMetrics counted) {
    return Embeddings.of(pictures, options, counted);
  }
}
