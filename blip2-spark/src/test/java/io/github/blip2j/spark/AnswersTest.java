package io.github.blip2j.spark;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.github.blip2j.blip2.Blip2;
import io.github.blip2j.blip2.ImageTextMatcher;
import io.github.blip2j.blip2.text.Match;
import io.github.blip2j.search.MatcherEmbedder;
import io.github.blip2j.search.store.IndexModel;
import io.github.blip2j.vision.image.Image;
import io.github.blip2j.vision.image.ImageDecoder;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.IntStream;
import org.apache.spark.sql.Dataset;
import org.apache.spark.sql.Row;
import org.apache.spark.sql.RowFactory;
import org.apache.spark.sql.SparkSession;
import org.apache.spark.sql.types.DataTypes;
import org.apache.spark.sql.types.StructType;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Answers, matching scores and embeddings. */
final class AnswersTest {
  private static final InferenceOptions OPTIONS = InferenceOptions.of(ModelSource.bundled());
  private static final SparkSession SPARK = LocalSpark.session();
  private static final int COUNT = 12;

  /** Pictures with a question or text each, in order; the last two are bad. */
  private static Dataset<Row> table() {
    List<Row> rows = new ArrayList<>();
    for (int i = 0; i < COUNT; i++) {
      rows.add(RowFactory.create(i, LocalSpark.png(i, 50, 40), text(i)));
    }
    rows.add(RowFactory.create(COUNT, LocalSpark.png(1, 50, 40), " "));
    rows.add(RowFactory.create(COUNT + 1, new byte[3], "what is this?"));
    return SPARK.createDataFrame(
        rows,
        new StructType()
            .add("id", DataTypes.IntegerType)
            .add("content", DataTypes.BinaryType)
            .add("question", DataTypes.StringType));
  }

  private static String text(int i) {
    return i % 2 == 0 ? "what is this?" : "how many trees are there?";
  }

  private static List<Image> images() throws IOException {
    List<Image> images = new ArrayList<>();
    for (int i = 0; i < COUNT; i++) {
      images.add(new ImageDecoder().decode(LocalSpark.png(i, 50, 40), "made"));
    }
    return images;
  }

  @Test
  void answers_areThoseOfTheLibrary() throws IOException {
    List<Row> rows =
        Answers.of(table(), TextSource.column("question"), OPTIONS).orderBy("id").collectAsList();

    try (Blip2 blip2 = Blip2.bundled()) {
      List<String> questions = IntStream.range(0, COUNT).mapToObj(AnswersTest::text).toList();
      List<String> expected = blip2.answers(images(), questions);
      for (int i = 0; i < COUNT; i++) {
        assertEquals(expected.get(i), rows.get(i).getAs("answer"), "picture " + i);
      }
    }
    assertEquals("question: text expected, got none", rows.get(COUNT).getAs("error"));
    assertNull(rows.get(COUNT).getAs("answer"));
    assertTrue(
        rows.get(COUNT + 1).<String>getAs("error").contains("image expected"), rows::toString);
  }

  @Test
  void question_ofAllPictures_needsNoColumn() throws IOException {
    List<Row> rows =
        Answers.of(table().drop("question"), TextSource.of("what is this?"), OPTIONS)
            .orderBy("id")
            .collectAsList();

    try (Blip2 blip2 = Blip2.bundled()) {
      assertEquals(
          blip2.answer(images().get(3), "what is this?"), rows.get(3).<String>getAs("answer"));
    }
  }

  /** One text that is too long for the model must not spoil those beside it. */
  @Test
  void question_thatIsTooLong_isAnErrorOfItsRow() {
    String words = "tree ".repeat(3000);
    Dataset<Row> table =
        SPARK
            .createDataFrame(
                List.of(
                    RowFactory.create(0, LocalSpark.png(0, 50, 40), "what is this?"),
                    RowFactory.create(1, LocalSpark.png(1, 50, 40), words),
                    RowFactory.create(2, LocalSpark.png(2, 50, 40), "what is this?")),
                table().schema())
            .coalesce(1);

    List<Row> rows =
        Answers.of(table, TextSource.column("question"), OPTIONS).orderBy("id").collectAsList();

    assertNull(rows.get(0).getAs("error"));
    assertNull(rows.get(1).getAs("answer"));
    assertTrue(rows.get(1).<String>getAs("error").contains("maxPositions"), rows.get(1)::toString);
    assertNull(rows.get(2).getAs("error"));
  }

  @Test
  void matches_areThoseOfTheLibrary() throws IOException {
    List<Row> rows =
        Matches.of(table(), TextSource.of("a tree"), OPTIONS).orderBy("id").collectAsList();

    try (ImageTextMatcher matcher = ImageTextMatcher.bundled()) {
      List<Image> images = images();
      for (int i = 0; i < COUNT; i++) {
        Match expected = matcher.match(images.get(i), "a tree");
        Row match = rows.get(i).getAs("match");
        assertEquals(expected.itc(), match.<Double>getAs("itc"), 1e-5);
        assertEquals(expected.itmLogit(), match.<Double>getAs("itm_logit"), 1e-4);
        assertEquals(expected.itmProbability(), match.<Double>getAs("itm_probability"), 1e-5);
      }
    }
    assertTrue(rows.get(COUNT + 1).isNullAt(rows.get(0).fieldIndex("match")));
  }

  @Test
  void embeddings_areThoseOfAnIndex_afterParquetToo(@TempDir Path folder) throws IOException {
    String output = folder.resolve("embeddings").toString();
    Embeddings.of(table(), OPTIONS).write().parquet(output);

    Dataset<Row> stored = SPARK.read().parquet(output);
    IndexModel model = Embeddings.model(stored, "embedding");
    List<Row> rows = stored.orderBy("id").collectAsList();

    try (ImageTextMatcher matcher = ImageTextMatcher.bundled()) {
      MatcherEmbedder embedder = MatcherEmbedder.of(matcher, List.of());
      assertEquals(embedder.model(), model);
      assertTrue(embedder.model().agrees(model));
      List<Image> images = images();
      for (int i = 0; i < COUNT; i++) {
        float[] expected = embedder.embed(List.of(embedder.fit(images.get(i)))).get(0);
        assertArrayEquals(expected, Embeddings.vectors(rows.get(i), "embedding"), 1e-5f);
      }
    }
    assertTrue(rows.get(COUNT + 1).isNullAt(rows.get(0).fieldIndex("embedding")));
  }

  @Test
  void model_ofAColumnWithoutOne_isRefused() {
    assertEquals(
        "spark: column 'question' expected to name its model in its metadata, got none; keep the"
            + " column as Embeddings.of made it",
        assertThrows(IllegalArgumentException.class, () -> Embeddings.model(table(), "question"))
            .getMessage());
  }
}
