package io.github.blip2j.spark;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import org.apache.spark.ml.Pipeline;
import org.apache.spark.ml.PipelineModel;
import org.apache.spark.ml.PipelineStage;
import org.apache.spark.ml.param.ParamMap;
import org.apache.spark.sql.Dataset;
import org.apache.spark.sql.Row;
import org.apache.spark.sql.SparkSession;
import org.apache.spark.sql.types.DataTypes;
import org.apache.spark.sql.types.StructField;
import org.apache.spark.sql.types.StructType;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

final class TransformersTest {
  private static final SparkSession SPARK = LocalSpark.session();
  private static final StructType TABLE =
      new StructType()
          .add("path", DataTypes.StringType)
          .add("length", DataTypes.LongType)
          .add("content", DataTypes.BinaryType);

  @Test
  void pipeline_isSavedAndRead(@TempDir Path folder) throws IOException {
    LocalSpark.write(folder.resolve("in"), 6, 40, 40);
    Dataset<Row> files =
        SPARK.read().format("binaryFile").load(folder.resolve("in").toString()).coalesce(1);
    var captioner = new Blip2Captioner().setBatchSize(4).setMaxNewTokens(6);
    var answerer =
        new Blip2Answerer().setQuestion("what is this?").setErrorCol("answer_error").setBeams(2);
    var embedder = new Blip2Embedder().setErrorCol("embedding_error");
    var matcher =
        new Blip2Matcher().setTextCol("caption").setErrorCol("match_error").setKeepInput(false);
    Pipeline pipeline =
        new Pipeline().setStages(new PipelineStage[] {captioner, answerer, embedder, matcher});
    PipelineModel model = pipeline.fit(files);
    String saved = folder.resolve("pipeline").toString();
    model.write().save(saved);

    Dataset<Row> result = PipelineModel.load(saved).transform(files);

    assertEquals(
        List.of(
            "path",
            "modificationTime",
            "length",
            "caption",
            "error",
            "answer",
            "answer_error",
            "embedding",
            "embedding_error",
            "match",
            "match_error"),
        Arrays.asList(result.columns()));
    StructType told = model.transformSchema(files.schema());
    assertEquals(Arrays.asList(result.columns()), Arrays.asList(told.fieldNames()));
    assertEquals(
        Arrays.stream(result.schema().fields()).map(StructField::dataType).toList(),
        Arrays.stream(told.fields()).map(StructField::dataType).toList());
    List<Row> expected = model.transform(files).collectAsList();
    List<Row> rows = result.collectAsList();
    assertEquals(6, rows.size());
    for (int i = 0; i < rows.size(); i++) {
      for (String column : List.of("path", "caption", "answer")) {
        assertEquals(
            expected.get(i).<String>getAs(column), rows.get(i).<String>getAs(column), column);
      }
    }
  }

  @Test
  void step_isSavedAndReadWithItsSettings(@TempDir Path folder) throws IOException {
    String saved = folder.resolve("step").toString();
    var captioner =
        new Blip2Captioner()
            .setInputCol("path")
            .setOutputCol("words")
            .setModel("/models/x")
            .setPrecision("int8")
            .setPrompt("a photo of")
            .setBeams(3)
            .setMaxPixels(123)
            .setExifRotation(true)
            .setDecodingThreads(3)
            .setModelThreads(2);
    captioner.write().save(saved);

    Blip2Captioner again = Blip2Captioner.load(saved);

    assertEquals(captioner.uid(), again.uid());
    assertEquals(captioner.options(), again.options());
    assertEquals(captioner.work(), again.work());
    assertEquals(captioner.options(), ((Blip2Captioner) again.copy(ParamMap.empty())).options());
    for (var step : List.of(new Blip2Embedder().setBatchSize(5), new Blip2Embedder())) {
      String place = folder.resolve(step.uid()).toString();
      step.write().save(place);
      assertEquals(step.options(), Blip2Embedder.load(place).options());
    }
    String matching = folder.resolve("matching").toString();
    new Blip2Matcher().setText("a cat").write().save(matching);
    assertEquals(new Blip2Matcher().setText("a cat").work(), Blip2Matcher.load(matching).work());
    String answering = folder.resolve("answering").toString();
    new Blip2Answerer().setQuestionCol("q").write().save(answering);
    assertEquals(
        new Blip2Answerer().setQuestionCol("q").work(), Blip2Answerer.load(answering).work());
  }

  @Test
  void params_haveTextsAndDefaults() {
    String told = new Blip2Captioner().explainParams();

    for (String name :
        List.of(
            "inputCol",
            "outputCol",
            "errorCol",
            "model",
            "precision",
            "keepInput",
            "prompt",
            "exifRotation",
            "batchSize",
            "decodingThreads",
            "modelThreads",
            "maxPixels",
            "beams")) {
      assertTrue(told.contains(name + ": "), told);
    }
  }

  private static String refused(PictureTransformer<?> step, StructType table) {
    return LocalSpark.message(
        assertThrows(IllegalArgumentException.class, () -> step.transformSchema(table)));
  }

  @Test
  void schema_thatDoesNotFit_isToldInWords() {
    assertEquals(
        "spark.caption: column 'picture' of binary or string expected, got [path, length,"
            + " content]; set inputCol",
        refused(new Blip2Captioner().setInputCol("picture"), TABLE));
    assertEquals(
        "spark.caption: column 'length' of binary or string expected, got bigint; set inputCol",
        refused(new Blip2Captioner().setInputCol("length"), TABLE));
    assertEquals(
        "spark.caption: a new column expected, got 'path', which the table has; choose another"
            + " name for outputCol or errorCol",
        refused(new Blip2Captioner().setOutputCol("path"), TABLE));
    assertEquals(
        "spark.answer: column 'question' of string expected, got [path, length, content]; set the"
            + " column of texts",
        refused(new Blip2Answerer(), TABLE));
    assertEquals(
        "spark.match: text expected, got a blank one",
        refused(new Blip2Matcher().setText(" "), TABLE));
    assertEquals(
        "precision: name expected float32, bfloat16 or int8, got float8",
        refused(new Blip2Embedder().setPrecision("float8"), TABLE));
    assertEquals(
        "spark: batchSize expected 1 or more, got 0",
        refused(new Blip2Embedder().setBatchSize(0), TABLE));
  }
}
