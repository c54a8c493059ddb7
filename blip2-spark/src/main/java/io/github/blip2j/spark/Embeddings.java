package io.github.blip2j.spark;

import static io.github.blip2j.blip2.text.Arguments.required;

import io.github.blip2j.search.EmbeddedPhoto;
import io.github.blip2j.search.IndexListener;
import io.github.blip2j.search.IndexUpdate;
import io.github.blip2j.search.PhotoIndex;
import io.github.blip2j.search.store.IndexException;
import io.github.blip2j.search.store.IndexModel;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.URI;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Iterator;
import java.util.List;
import org.apache.hadoop.fs.Path;
import org.apache.spark.sql.Column;
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
   * Adds the photos of a table of embeddings to an index, on the driver, row by row. A later update
   * of the index finds them unchanged and embeds nothing. Rows with an error and no embedding are
   * left out. Where the table has {@code length} and {@code modificationTime}, as {@code
   * binaryFile} has, photos that have changed since are reported.
   *
   * @param table with {@code path}, of files of this machine or of a file system that it has
   *     mounted
   * @param column such as {@code embedding}
   * @throws IllegalArgumentException if a column is missing, or a path is of another storage
   * @throws IndexException if the index is of another model
   */
  public static IndexUpdate addTo(
      PhotoIndex index, Dataset<Row> table, String column, IndexListener listener)
      throws IOException {
    IndexModel model = model(table, column);
    List<String> names = Arrays.asList(table.schema().fieldNames());
    if (!names.contains("path")) {
      throw new IllegalArgumentException(
          "spark: column 'path' expected, which names files, got " + names);
    }
    List<String> wanted = new ArrayList<>(List.of("path", column));
    boolean dated = names.containsAll(List.of("length", "modificationTime"));
    if (dated) {
      wanted.addAll(List.of("length", "modificationTime"));
    }
    Dataset<Row> rows =
        table
            .filter(functions.col(column).isNotNull())
            .select(wanted.stream().map(functions::col).toArray(Column[]::new));
    Iterator<Row> iterator = rows.toLocalIterator();
    return index.add(
        new Iterator<>() {
          @Override
          public boolean hasNext() {
            return iterator.hasNext();
          }

          @Override
          public EmbeddedPhoto next() {
            return photo(iterator.next(), dated);
          }
        },
        model,
        listener);
  }

  /** A row of path, vectors and, perhaps, length and time. */
  private static EmbeddedPhoto photo(Row row, boolean dated) {
    var photo = EmbeddedPhoto.of(file(row.getString(0)), vectors(row, 1));
    return dated && !row.isNullAt(2) && !row.isNullAt(3)
        ? photo.asOf(row.getLong(2), row.getTimestamp(3).getTime())
        : photo;
  }

  private static java.nio.file.Path file(String path) {
    URI uri = new Path(path).toUri();
    if (uri.getScheme() != null && !uri.getScheme().equals("file")) {
      throw new IllegalArgumentException(
          "spark: path of a file of this machine expected, got "
              + path
              + "; an index is of local files: mount the storage, and change the column path");
    }
    return java.nio.file.Path.of(uri.getPath());
  }

  /**
   * The vectors of a row one after the other, [Q P], as {@link
   * io.github.blip2j.search.ImageEmbedder#embed(List)} returns them.
   *
   * @param column such as {@code embedding}
   */
  public static float[] vectors(Row row, String column) {
    required("spark", "row", row);
    return vectors(row, row.fieldIndex(column));
  }

  private static float[] vectors(Row row, int column) {
    List<scala.collection.Seq<Float>> rows = row.getList(column);
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
