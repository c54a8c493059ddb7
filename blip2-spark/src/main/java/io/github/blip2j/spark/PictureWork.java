package io.github.blip2j.spark;

import io.github.blip2j.blip2.Blip2;
import io.github.blip2j.blip2.ImageTextMatcher;
import io.github.blip2j.blip2.text.Match;
import io.github.blip2j.blip2.text.Prompt;
import io.github.blip2j.generation.GenerationConfig;
import io.github.blip2j.nn.CancellationToken;
import io.github.blip2j.search.MatcherEmbedder;
import io.github.blip2j.vision.image.Image;
import java.io.Serializable;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import org.apache.spark.sql.RowFactory;
import org.apache.spark.sql.types.DataType;
import org.apache.spark.sql.types.DataTypes;
import org.apache.spark.sql.types.StructType;
import org.jspecify.annotations.Nullable;

/** What is computed of a batch of pictures. */
sealed interface PictureWork extends Serializable {
  /** The name in messages, and of the usual column of results. */
  String name();

  ModelKind kind();

  DataType type();

  /** The text of each picture, or null if there is none. */
  default @Nullable TextSource text() {
    return null;
  }

  /**
   * Results of pictures that fit the model's input, on a thread of the model's.
   *
   * @param texts one for each picture; empty without {@link #text}
   */
  List<?> of(ExecutorModel model, List<Image> fitted, List<String> texts, CancellationToken token);

  /** The model's texts after prompts. */
  private static List<String> write(Blip2 blip2, List<Prompt> prompts, GenerationConfig config) {
    return blip2.generate(prompts, config).stream().map(found -> found.get(0).text()).toList();
  }

  /** Captions that continue a prompt, which may be empty. */
  record Caption(String prompt, Decoding decoding) implements PictureWork {
    private static final long serialVersionUID = 1L;

    @Override
    public String name() {
      return "caption";
    }

    @Override
    public ModelKind kind() {
      return ModelKind.WRITER;
    }

    @Override
    public DataType type() {
      return DataTypes.StringType;
    }

    @Override
    public List<?> of(
        ExecutorModel model, List<Image> fitted, List<String> texts, CancellationToken token) {
      Blip2 blip2 = model.writer(token);
      List<Prompt> prompts = fitted.stream().map(image -> Prompt.about(image, prompt)).toList();
      return write(blip2, prompts, decoding.over(blip2.captionConfig()));
    }
  }

  /** Answers to a question about each picture. */
  record Answer(TextSource question, Decoding decoding) implements PictureWork {
    private static final long serialVersionUID = 1L;

    @Override
    public String name() {
      return "answer";
    }

    @Override
    public ModelKind kind() {
      return ModelKind.WRITER;
    }

    @Override
    public DataType type() {
      return DataTypes.StringType;
    }

    @Override
    public TextSource text() {
      return question;
    }

    @Override
    public List<?> of(
        ExecutorModel model, List<Image> fitted, List<String> texts, CancellationToken token) {
      Blip2 blip2 = model.writer(token);
      List<Prompt> prompts = new ArrayList<>();
      for (int i = 0; i < fitted.size(); i++) {
        prompts.add(Prompt.about(fitted.get(i), blip2.questions().ask(texts.get(i))));
      }
      return write(blip2, prompts, decoding.over(blip2.answerConfig()));
    }
  }

  /** Embeddings, [Q][P] for each picture. */
  record Embedding() implements PictureWork {
    private static final long serialVersionUID = 1L;

    @Override
    public String name() {
      return "embedding";
    }

    @Override
    public ModelKind kind() {
      return ModelKind.MATCHER;
    }

    @Override
    public DataType type() {
      return DataTypes.createArrayType(
          DataTypes.createArrayType(DataTypes.FloatType, false), false);
    }

    @Override
    public List<?> of(
        ExecutorModel model, List<Image> fitted, List<String> texts, CancellationToken token) {
      MatcherEmbedder embedder = model.embedder(token);
      int width = embedder.model().width();
      List<Object> all = new ArrayList<>();
      for (float[] vectors : embedder.embed(fitted)) {
        float[][] rows = new float[embedder.model().queries()][];
        for (int q = 0; q < rows.length; q++) {
          rows[q] = Arrays.copyOfRange(vectors, q * width, (q + 1) * width);
        }
        all.add(rows);
      }
      return all;
    }
  }

  /** How well a text describes each picture. */
  record Matching(TextSource description) implements PictureWork {
    private static final long serialVersionUID = 1L;

    @Override
    public String name() {
      return "match";
    }

    @Override
    public ModelKind kind() {
      return ModelKind.MATCHER;
    }

    @Override
    public DataType type() {
      return new StructType()
          .add("itc", DataTypes.DoubleType, false)
          .add("itm_logit", DataTypes.DoubleType, false)
          .add("itm_probability", DataTypes.DoubleType, false);
    }

    @Override
    public TextSource text() {
      return description;
    }

    @Override
    public List<?> of(
        ExecutorModel model, List<Image> fitted, List<String> texts, CancellationToken token) {
      ImageTextMatcher matcher = model.matcher(token);
      List<Object> rows = new ArrayList<>();
      for (Match match : matcher.matchPairs(fitted, texts)) {
        rows.add(RowFactory.create(match.itc(), match.itmLogit(), match.itmProbability()));
      }
      return rows;
    }
  }
}
