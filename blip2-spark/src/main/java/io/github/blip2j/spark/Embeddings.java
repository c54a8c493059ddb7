package io.github.blip2j.spark;

import static io.github.blip2j.blip2.text.Arguments.required;

import io.github.blip2j.search.store.IndexModel;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.util.List;
import org.apache.spark.sql.Dataset;
import org.apache.spark.sql.Row;
import org.apache.spark.sql.functions;
import org.apache.spark.sql.types.Metadata;
import org.apache.spark.sql.types.MetadataBuilder;

/**
 * Embeddings of the pictures of a data set, in a column {@code embedding}: Q unit vectors of P
 * numbers for each picture, as an index of blip2-search holds them. Otherwise as {@link Captions}.
 *
 * <p>The column's metadata, which parquet keeps, names the model and a hash of its weights: {@link
 * #model} reads them, and {@link IndexModel#agrees} says whether vectors of two tables, or of a
 * table and an index, can be compared.
 */
public final class Embeddings {
  private static final String MODEL = "blip2.model";
  private static final String DIGEST = "blip2.digest";

  private Embeddings() {}

  /** Embeddings of a model of the first stage. */
  public static Dataset<Row> of(Dataset<?> pictures, InferenceOptions options) {
    return of(pictures, options, SparkMetrics.of(pictures.sparkSession()));
  }

  /**
   * The same, counted.
   *
   * @throws IllegalArgumentException if a column is missing or of another type
   * @throws IllegalStateException if executors would not have the memory for the model
   */
  public static Dataset<Row> of(
      Dataset<?> pictures, InferenceOptions options, SparkMetrics metrics) {
    PictureWork work = new PictureWork.Embedding();
    return Pictures.with(pictures, options, work, metrics)
        .withMetadata(PictureTable.output(options, work), metadata(options));
  }

  private static Metadata metadata(InferenceOptions options) {
    ModelSource model = options.model();
    try {
      return new MetadataBuilder()
          .putString(MODEL, model.isBundled() ? "bundled" : model.location())
          .putString(DIGEST, model.fingerprint(ModelKind.MATCHER))
          .build();
    } catch (IOException e) {
      throw new UncheckedIOException(e.getMessage(), e);
    }
  }

  /**
   * The model that a table's embeddings are of, as an index names it. It looks at one row for the
   * sizes.
   *
   * @param column such as {@code embedding}
   * @throws IllegalArgumentException if the column is none of {@link #of}, or has no embedding
   */
  public static IndexModel model(Dataset<Row> table, String column) {
    Metadata metadata = table.schema().apply(column).metadata();
    if (!metadata.contains(DIGEST)) {
      throw new IllegalArgumentException(
          "spark: column '"
              + column
              + "' expected to name its model in its metadata, got none; keep the column as"
              + " Embeddings.of made it");
    }
    List<Row> first =
        table.select(column).filter(functions.col(column).isNotNull()).limit(1).collectAsList();
    if (first.isEmpty()) {
      throw new IllegalArgumentException(
          "spark: column '" + column + "' expected 1 embedding or more, got none");
    }
    List<scala.collection.Seq<Float>> rows = first.get(0).getList(0);
    return new IndexModel(
        metadata.getString(MODEL), metadata.getString(DIGEST), rows.size(), rows.get(0).size());
  }

  /**
   * The vectors of a row one after the other, [Q P], as {@link
   * io.github.blip2j.search.ImageEmbedder#embed(List)} returns them.
   *
   * @param column such as {@code embedding}
   */
  public static float[] vectors(Row row, String column) {
    required("spark", "row", row);
    List<scala.collection.Seq<Float>> rows = row.getList(row.fieldIndex(column));
    float[] vectors = new float[0];
    int next = 0;
    for (scala.collection.Seq<Float> vector : rows) {
      if (next == 0) {
        vectors = new float[rows.size() * vector.size()];
      }
      scala.collection.Iterator<Float> numbers = vector.iterator();
      while (numbers.hasNext()) {
        vectors[next++] = numbers.next();
      }
    }
    return vectors;
  }
}
