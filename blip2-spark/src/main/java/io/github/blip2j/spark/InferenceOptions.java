package io.github.blip2j.spark;

import static io.github.blip2j.blip2.text.Arguments.required;

import java.io.Serializable;
import java.util.Locale;
import org.jspecify.annotations.Nullable;

/**
 * How pictures of a data set are given to a model. Immutable.
 *
 * <pre>{@code
 * InferenceOptions.of(ModelSource.at("/models/blip2-opt-2.7b").withPrecision(Precision.INT8))
 *     .withInput("path").withBatchSize(16);
 * }</pre>
 *
 * @param model which model, and where executors find it
 * @param input the column of pictures: the bytes of files, or their paths
 * @param output the column of results, or null for the usual one
 * @param error the column that says why a picture has no result
 * @param keepsInput whether a column of bytes stays in the result; a column of paths always does
 * @param batchSize pictures that the model works on together
 * @param maxPixels larger pictures are errors
 * @param exifRotation whether photographs are turned upright by their EXIF orientation
 * @param decodingThreads threads of each task that decode pictures
 * @param modelThreads batches that one executor works on at once, each with its share of the cores
 */
public record InferenceOptions(
    ModelSource model,
    String input,
    @Nullable String output,
    String error,
    boolean keepsInput,
    int batchSize,
    long maxPixels,
    boolean exifRotation,
    int decodingThreads,
    int modelThreads)
    implements Serializable {
  private static final long serialVersionUID = 1L;

  /** Pictures that the model works on together, unless another number is chosen. */
  public static final int DEFAULT_BATCH_SIZE = 8;

  /** The most pixels unless another number is chosen: 192 MB while a picture is decoded. */
  public static final long DEFAULT_MAX_PIXELS = 64_000_000;

  /** Checks the numbers. */
  public InferenceOptions {
    required("spark", "model", model);
    required("spark", "input", input);
    required("spark", "error", error);
    positive("batchSize", batchSize);
    positive("maxPixels", maxPixels);
    positive("decodingThreads", decodingThreads);
    positive("modelThreads", modelThreads);
  }

  /** Pictures in the column {@code content}, as {@code binaryFile} has it. */
  public static InferenceOptions of(ModelSource model) {
    return new InferenceOptions(
        model,
        "content",
        null,
        "error",
        false,
        DEFAULT_BATCH_SIZE,
        DEFAULT_MAX_PIXELS,
        false,
        2,
        1);
  }

  private static void positive(String what, long value) {
    if (value < 1) {
      throw new IllegalArgumentException(
          String.format(Locale.ROOT, "spark: %s expected 1 or more, got %d", what, value));
    }
  }

  /** With pictures in another column, of bytes or of paths. */
  public InferenceOptions withInput(String column) {
    return new InferenceOptions(
        model,
        column,
        output,
        error,
        keepsInput,
        batchSize,
        maxPixels,
        exifRotation,
        decodingThreads,
        modelThreads);
  }

  /** With results in another column. */
  public InferenceOptions withOutput(String column) {
    return new InferenceOptions(
        model,
        input,
        column,
        error,
        keepsInput,
        batchSize,
        maxPixels,
        exifRotation,
        decodingThreads,
        modelThreads);
  }

  /** With errors in another column. */
  public InferenceOptions withError(String column) {
    return new InferenceOptions(
        model,
        input,
        output,
        column,
        keepsInput,
        batchSize,
        maxPixels,
        exifRotation,
        decodingThreads,
        modelThreads);
  }

  /** With the bytes of pictures in the result, for another step that needs them. */
  public InferenceOptions keepingInput() {
    return new InferenceOptions(
        model,
        input,
        output,
        error,
        true,
        batchSize,
        maxPixels,
        exifRotation,
        decodingThreads,
        modelThreads);
  }

  /** With another size of batches. */
  public InferenceOptions withBatchSize(int pictures) {
    return new InferenceOptions(
        model,
        input,
        output,
        error,
        keepsInput,
        pictures,
        maxPixels,
        exifRotation,
        decodingThreads,
        modelThreads);
  }

  /** With another limit for the size of pictures. */
  public InferenceOptions withMaxPixels(long pixels) {
    return new InferenceOptions(
        model,
        input,
        output,
        error,
        keepsInput,
        batchSize,
        pixels,
        exifRotation,
        decodingThreads,
        modelThreads);
  }

  /** With photographs turned upright by their EXIF orientation. */
  public InferenceOptions withExifRotation() {
    return new InferenceOptions(
        model,
        input,
        output,
        error,
        keepsInput,
        batchSize,
        maxPixels,
        true,
        decodingThreads,
        modelThreads);
  }

  /** With another number of threads that decode, in each task. */
  public InferenceOptions withDecodingThreads(int threads) {
    return new InferenceOptions(
        model,
        input,
        output,
        error,
        keepsInput,
        batchSize,
        maxPixels,
        exifRotation,
        threads,
        modelThreads);
  }

  /**
   * With several batches at once in each executor, which divide its cores; memory grows with it.
   */
  public InferenceOptions withModelThreads(int batches) {
    return new InferenceOptions(
        model,
        input,
        output,
        error,
        keepsInput,
        batchSize,
        maxPixels,
        exifRotation,
        decodingThreads,
        batches);
  }
}
