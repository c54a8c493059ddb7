package io.github.blip2j.spark;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.github.blip2j.blip2.ImageTextMatcher;
import io.github.blip2j.search.IndexListener;
import io.github.blip2j.search.IndexOptions;
import io.github.blip2j.search.IndexUpdate;
import io.github.blip2j.search.MatcherEmbedder;
import io.github.blip2j.search.PhotoHit;
import io.github.blip2j.search.PhotoIndex;
import io.github.blip2j.search.PhotoQuery;
import io.github.blip2j.search.store.IndexException;
import io.github.blip2j.search.store.IndexModel;
import io.github.blip2j.vision.image.ImageDecoder;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.FileTime;
import java.util.List;
import org.apache.spark.sql.Dataset;
import org.apache.spark.sql.Row;
import org.apache.spark.sql.SparkSession;
import org.apache.spark.sql.functions;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** A search index of the embeddings that a cluster has made. */
final class SearchIndexTest {
  private static final SparkSession SPARK = LocalSpark.session();
  private static final InferenceOptions OPTIONS = InferenceOptions.of(ModelSource.bundled());
  private static final int COUNT = 53; // one of them broken

  private final Path temporary;
  private Path photos = Path.of("");

  SearchIndexTest(@TempDir Path temporary) {
    this.temporary = temporary;
  }

  @BeforeEach
  void write() throws IOException {
    photos = Files.createDirectory(temporary.resolve("photos")).toRealPath();
    assertEquals(1, LocalSpark.write(photos, COUNT, 24, 24));
  }

  private Dataset<Row> embeddings(Dataset<Row> pictures) {
    String stored = temporary.resolve("embeddings").toString();
    Embeddings.of(pictures, OPTIONS).write().parquet(stored);
    return SPARK.read().parquet(stored);
  }

  private PhotoIndex index(Dataset<Row> table) throws IOException {
    return PhotoIndex.openOrCreate(
        PhotoIndex.usualFolder(photos), Embeddings.model(table, "embedding"));
  }

  /** With files as binaryFile lists them, and as paths alone. */
  @ParameterizedTest
  @ValueSource(booleans = {true, false})
  void index_ofATable_needsNoModelLater(boolean listed) throws IOException {
    Dataset<Row> pictures =
        listed
            ? SPARK.read().format("binaryFile").load(photos.toString())
            : PicturePaths.in(SPARK, photos.toString());
    InferenceOptions options = listed ? OPTIONS : OPTIONS.withInput("path");
    String stored = temporary.resolve("embeddings").toString();
    Embeddings.of(pictures, options).write().parquet(stored);
    Dataset<Row> table = SPARK.read().parquet(stored);
    PhotoIndex index = index(table);

    IndexUpdate added = Embeddings.addTo(index, table, "embedding", IndexListener.NONE);

    assertEquals(COUNT - 1, added.added());
    assertEquals(List.of(), added.unreadable());
    try (ImageTextMatcher matcher = ImageTextMatcher.bundled()) {
      var embedder = MatcherEmbedder.of(matcher, List.of());
      IndexUpdate update =
          index.update(photos, embedder, IndexOptions.defaults(), IndexListener.NONE);
      assertEquals(COUNT - 1, update.unchanged());
      assertEquals(0, update.embedded());
      Path seventh = photos.resolve("000007.png");
      PhotoQuery query = PhotoQuery.image(new ImageDecoder().decode(seventh)).top(1);
      PhotoHit hit = index.search(query, embedder).get(0);
      assertEquals(1, hit.similarity(), 1e-4);
    }
  }

  @Test
  void photo_thatChangedSince_isReported() throws IOException {
    Dataset<Row> table = embeddings(SPARK.read().format("binaryFile").load(photos.toString()));
    Files.setLastModifiedTime(photos.resolve("000003.png"), FileTime.fromMillis(5_000));

    IndexUpdate added = Embeddings.addTo(index(table), table, "embedding", IndexListener.NONE);

    assertEquals(COUNT - 2, added.added());
    assertEquals(1, added.unreadable().size());
    String report = added.unreadable().get(0);
    assertTrue(report.startsWith(photos + "/000003.png: photo expected as it was emb"), report);
  }

  @Test
  void table_thatDoesNotFit_isRefused() throws IOException {
    Dataset<Row> table = embeddings(SPARK.read().format("binaryFile").load(photos.toString()));
    PhotoIndex index = index(table);

    assertTrue(
        message(index, table.drop("path")).startsWith("spark: column 'path' expected, which"));
    Dataset<Row> remote = table.withColumn("path", functions.lit("s3a://photos/1.png"));
    assertEquals(
        "spark: path of a file of this machine expected, got s3a://photos/1.png; an index is of"
            + " local files: mount the storage, and change the column path",
        message(index, remote));
    PhotoIndex other =
        PhotoIndex.openOrCreate(
            temporary.resolve("other"), new IndexModel("other", "0123456789abcdef", 2, 8));
    assertThrows(
        IndexException.class,
        () -> Embeddings.addTo(other, table, "embedding", IndexListener.NONE));
  }

  private static String message(PhotoIndex index, Dataset<Row> table) {
    return String.valueOf(
        assertThrows(
                IllegalArgumentException.class,
                () -> Embeddings.addTo(index, table, "embedding", IndexListener.NONE))
            .getMessage());
  }
}
