package io.github.blip2j.spark;

import io.github.blip2j.tensor.types.Precision;
import java.util.Locale;
import org.apache.spark.ml.Transformer;
import org.apache.spark.ml.param.BooleanParam;
import org.apache.spark.ml.param.IntParam;
import org.apache.spark.ml.param.LongParam;
import org.apache.spark.ml.param.Param;
import org.apache.spark.ml.param.ParamMap;
import org.apache.spark.ml.util.DefaultParamsWritable;
import org.apache.spark.sql.Dataset;
import org.apache.spark.sql.Row;
import org.apache.spark.sql.types.StructType;
import org.jspecify.annotations.Nullable;

/**
 * What the steps of a pipeline have in common: columns, model, batches. Steps are saved by {@code
 * write()} and read by the {@code load} of their class; weights stay where they are.
 *
 * @param <S> the step itself, so that settings can be chained
 */
public abstract class PictureTransformer<S extends PictureTransformer<S>> extends Transformer
    implements DefaultParamsWritable {
  private static final long serialVersionUID = 1L;

  private final String uid;
  private final Param<String> inputCol;
  private final Param<String> outputCol;
  private final Param<String> errorCol;
  private final Param<String> model;
  private final Param<String> precision;
  private final BooleanParam keepInput;
  private final BooleanParam exifRotation;
  private final IntParam batchSize;
  private final IntParam decodingThreads;
  private final IntParam modelThreads;
  private final LongParam maxPixels;
  private transient @Nullable SparkMetrics metrics;

  PictureTransformer(String uid, String usualOutput) {
    this.uid = uid; // before the parameters, which ask for it
    inputCol = text("inputCol", "column of pictures: bytes of files, or paths");
    outputCol = text("outputCol", "column of results");
    errorCol = text("errorCol", "column that says why a picture has no result");
    model = text("model", "folder or file of the model, empty for the bundled one");
    precision = text("precision", "float32, bfloat16 or int8");
    keepInput = new BooleanParam(uid, "keepInput", "whether the bytes of pictures are kept");
    exifRotation = new BooleanParam(uid, "exifRotation", "whether photographs are turned upright");
    batchSize = new IntParam(uid, "batchSize", "pictures that the model works on together");
    decodingThreads = new IntParam(uid, "decodingThreads", "threads of a task that decode");
    modelThreads = new IntParam(uid, "modelThreads", "batches of an executor at once");
    maxPixels = new LongParam(uid, "maxPixels", "larger pictures are errors");
    InferenceOptions usual = InferenceOptions.of(ModelSource.bundled());
    setDefault(inputCol, usual.input());
    setDefault(outputCol, usualOutput);
    setDefault(errorCol, usual.error());
    setDefault(model, "");
    setDefault(precision, Precision.FLOAT32.toString());
    setDefault(keepInput, true);
    setDefault(exifRotation, false);
    setDefault(batchSize, usual.batchSize());
    setDefault(decodingThreads, usual.decodingThreads());
    setDefault(modelThreads, usual.modelThreads());
    setDefault(maxPixels, usual.maxPixels());
  }

  /** A parameter that is a text, for subclasses. */
  final Param<String> text(String name, String about) {
    return new Param<>(uid, name, about);
  }

  abstract PictureWork work();

  abstract S self();

  abstract Dataset<Row> with(Dataset<?> pictures, InferenceOptions options, SparkMetrics counted);

  @Override
  public String uid() {
    return uid;
  }

  /** The parameters as options. */
  final InferenceOptions options() {
    return new InferenceOptions(
        new ModelSource(
            getOrDefault(model), Precision.named(getOrDefault(precision).toLowerCase(Locale.ROOT))),
        getOrDefault(inputCol),
        getOrDefault(outputCol),
        getOrDefault(errorCol),
        (Boolean) getOrDefault(keepInput),
        (Integer) getOrDefault(batchSize),
        (Long) getOrDefault(maxPixels),
        (Boolean) getOrDefault(exifRotation),
        (Integer) getOrDefault(decodingThreads),
        (Integer) getOrDefault(modelThreads));
  }

  @Override
  public Dataset<Row> transform(Dataset<?> pictures) {
    SparkMetrics counted =
        metrics == null ? SparkMetrics.of(pictures.sparkSession(), uid) : metrics;
    return with(pictures, options(), counted);
  }

  /**
   * The schema of the result.
   *
   * @throws IllegalArgumentException if a column is missing, of another type, or there already
   */
  @Override
  public StructType transformSchema(StructType schema) {
    return PictureTable.of(schema, options(), work()).schema();
  }

  /** Counts in these counters; they are not saved. */
  public S setMetrics(SparkMetrics counted) {
    metrics = counted;
    return self();
  }

  @Override
  public Transformer copy(ParamMap extra) {
    S copy = defaultCopy(extra);
    if (metrics != null) {
      copy.setMetrics(metrics);
    }
    return copy;
  }

  /** The column of pictures. */
  public Param<String> inputCol() {
    return inputCol;
  }

  /** The column of results. */
  public Param<String> outputCol() {
    return outputCol;
  }

  /** The column of errors. */
  public Param<String> errorCol() {
    return errorCol;
  }

  /** The folder or file of the model. */
  public Param<String> model() {
    return model;
  }

  /** How matrices are stored and multiplied. */
  public Param<String> precision() {
    return precision;
  }

  /** Whether the bytes of pictures are kept. */
  public BooleanParam keepInput() {
    return keepInput;
  }

  /** Whether photographs are turned upright. */
  public BooleanParam exifRotation() {
    return exifRotation;
  }

  /** Pictures that the model works on together. */
  public IntParam batchSize() {
    return batchSize;
  }

  /** Threads of a task that decode. */
  public IntParam decodingThreads() {
    return decodingThreads;
  }

  /** Batches of an executor at once. */
  public IntParam modelThreads() {
    return modelThreads;
  }

  /** The most pixels of a picture. */
  public LongParam maxPixels() {
    return maxPixels;
  }

  /** Takes pictures, as bytes or paths, from this column. */
  public S setInputCol(String column) {
    set(inputCol, column);
    return self();
  }

  /** Puts results in this column. */
  public S setOutputCol(String column) {
    set(outputCol, column);
    return self();
  }

  /** Puts errors in this column. */
  public S setErrorCol(String column) {
    set(errorCol, column);
    return self();
  }

  /** Uses the model in this folder or file; see {@link ModelSource#location}. */
  public S setModel(String location) {
    set(model, location);
    return self();
  }

  /** Stores matrices in this precision: {@code float32}, {@code bfloat16} or {@code int8}. */
  public S setPrecision(String name) {
    set(precision, name);
    return self();
  }

  /** Keeps the bytes of pictures for the next step, or drops them. */
  public S setKeepInput(boolean keep) {
    set(keepInput, keep);
    return self();
  }

  /** Turns photographs upright, or not. */
  public S setExifRotation(boolean rotate) {
    set(exifRotation, rotate);
    return self();
  }

  /** Works on so many pictures together. */
  public S setBatchSize(int pictures) {
    set(batchSize, pictures);
    return self();
  }

  /** Decodes on so many threads in each task. */
  public S setDecodingThreads(int threads) {
    set(decodingThreads, threads);
    return self();
  }

  /** Works on so many batches at once in each executor. */
  public S setModelThreads(int batches) {
    set(modelThreads, batches);
    return self();
  }

  /** Refuses larger pictures. */
  public S setMaxPixels(long pixels) {
    set(maxPixels, pixels);
    return self();
  }
}
