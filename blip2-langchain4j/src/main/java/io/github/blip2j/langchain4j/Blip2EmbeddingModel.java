package io.github.blip2j.langchain4j;

import dev.langchain4j.data.embedding.Embedding;
import dev.langchain4j.data.message.Content;
import dev.langchain4j.data.message.ContentType;
import dev.langchain4j.data.message.ImageContent;
import dev.langchain4j.data.message.TextContent;
import dev.langchain4j.data.segment.TextSegment;
import dev.langchain4j.exception.UnsupportedFeatureException;
import dev.langchain4j.model.embedding.EmbeddingModel;
import dev.langchain4j.model.embedding.request.EmbeddingInput;
import dev.langchain4j.model.embedding.request.EmbeddingRequest;
import dev.langchain4j.model.embedding.response.EmbeddingResponse;
import dev.langchain4j.model.output.Response;
import io.github.blip2j.blip2.ImageTextMatcher;
import io.github.blip2j.vision.image.Image;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * Texts and images as unit vectors of one space, by a model of BLIP-2's first stage.
 *
 * <pre>{@code
 * var model = Blip2EmbeddingModel.of(ImageTextMatcher.load(folder));
 * store.add(model.embed(image), TextSegment.from("cats.jpg"));
 * store.search(EmbeddingSearchRequest.builder()
 *     .queryEmbedding(model.embed("two cats on a couch").content()).build());
 * }</pre>
 *
 * <p>LangChain4j has one vector for each item, so an image is the direction of the mean of its
 * queries ({@link ImageTextMatcher#embedPooled}). That ranks images nearly as BLIP-2 does, which
 * compares a text with all queries; {@link Blip2ScoringModel} compares as BLIP-2. Safe for many
 * threads; it does not close the model.
 */
public final class Blip2EmbeddingModel implements EmbeddingModel {
  private final ImageTextMatcher matcher;
  private final String name;

  private Blip2EmbeddingModel(ImageTextMatcher matcher, String name) {
    this.matcher = matcher;
    this.name = name;
  }

  /** Over a loaded model. */
  public static Blip2EmbeddingModel of(ImageTextMatcher matcher) {
    return new Blip2EmbeddingModel(matcher, "blip2");
  }

  /** With this name in answers. */
  public Blip2EmbeddingModel withName(String newName) {
    return new Blip2EmbeddingModel(matcher, newName);
  }

  @Override
  public String modelName() {
    return name;
  }

  @Override
  public int dimension() {
    return matcher.model().config().qformer().projectionDim();
  }

  @Override
  public Set<ContentType> supportedContentTypes() {
    return Set.of(ContentType.TEXT, ContentType.IMAGE);
  }

  /** The vector of an image. */
  public Embedding embed(Image image) {
    return Embedding.from(matcher.embedPooled(image));
  }

  @Override
  public Response<List<Embedding>> embedAll(List<TextSegment> segments) {
    List<Embedding> vectors = new ArrayList<>();
    for (TextSegment segment : segments) {
      vectors.add(Embedding.from(matcher.embed(segment.text())));
    }
    return Response.from(vectors);
  }

  /**
   * The vectors of texts and images.
   *
   * @throws IllegalArgumentException if an input is not one text or one image, or an image cannot
   *     be read
   * @throws UnsupportedFeatureException for other contents, and for parameters that would have no
   *     effect
   */
  @Override
  public EmbeddingResponse doEmbed(EmbeddingRequest request) {
    @Nullable Integer dimensions = request.dimensions();
    if (dimensions != null && dimensions != dimension()) {
      throw new UnsupportedFeatureException(
          "embed: dimensions of " + dimension() + " expected, got " + dimensions);
    }
    @Nullable String asked = request.modelName();
    if (asked != null && !asked.equals(name)) {
      throw new UnsupportedFeatureException(
          "embed: modelName '" + name + "' or none expected, got '" + asked + "'");
    }
    List<Embedding> vectors = request.inputs().stream().map(this::embedding).toList();
    return EmbeddingResponse.builder().embeddings(vectors).build();
  }

  private Embedding embedding(EmbeddingInput input) {
    List<Content> contents = input.contents();
    if (contents.size() != 1) {
      throw new IllegalArgumentException(
          "embed: one text or one image in an input expected, got " + contents.size());
    }
    Content content = contents.get(0);
    if (content instanceof TextContent text) {
      return Embedding.from(matcher.embed(text.text()));
    }
    if (content instanceof ImageContent image) {
      return embed(Pictures.of(image));
    }
    throw new UnsupportedFeatureException("embed: text or image expected, got " + content.type());
  }
}
