package io.github.blip2j.langchain4j;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import dev.langchain4j.data.document.Metadata;
import dev.langchain4j.data.message.ContentType;
import dev.langchain4j.data.message.TextContent;
import dev.langchain4j.data.segment.TextSegment;
import dev.langchain4j.exception.UnsupportedFeatureException;
import dev.langchain4j.model.embedding.EmbeddingModel;
import dev.langchain4j.model.embedding.request.EmbeddingInput;
import dev.langchain4j.model.embedding.request.EmbeddingRequest;
import dev.langchain4j.model.embedding.response.EmbeddingResponse;
import dev.langchain4j.model.scoring.ScoringModel;
import dev.langchain4j.rag.content.Content;
import dev.langchain4j.rag.content.aggregator.ReRankingContentAggregator;
import dev.langchain4j.rag.query.Query;
import dev.langchain4j.store.embedding.EmbeddingSearchRequest;
import dev.langchain4j.store.embedding.inmemory.InMemoryEmbeddingStore;
import io.github.blip2j.blip2.ImageTextMatcher;
import java.io.IOException;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;

/** Embeddings and scores through LangChain4j's interfaces, held against the library's own. */
final class MatcherModelsTest {
  private static final String TEXT = "two cats";

  private static ImageTextMatcher matcher;
  private static Blip2EmbeddingModel embeddings;

  @BeforeAll
  static void load() throws IOException {
    matcher = ImageTextMatcher.load(Photos.MATCHER);
    embeddings = Blip2EmbeddingModel.of(matcher).withName("itm");
  }

  @AfterAll
  static void close() {
    matcher.close();
  }

  @Test
  void embedding_ofTextsAndImages_isTheLibrarys() {
    EmbeddingModel model = embeddings;
    EmbeddingResponse response =
        model.embed(
            EmbeddingRequest.builder()
                .inputs(
                    List.of(
                        EmbeddingInput.from(TEXT), EmbeddingInput.from(Photos.content("b.png"))))
                .build());

    assertArrayEquals(matcher.embed(TEXT), response.embeddings().get(0).vector());
    float[] image = matcher.embedPooled(Photos.image("b.png"));
    assertArrayEquals(image, response.embeddings().get(1).vector());
    assertArrayEquals(image, embeddings.embed(Photos.image("b.png")).vector());
    assertArrayEquals(matcher.embed(TEXT), model.embed(TEXT).content().vector());
    assertEquals(image.length, model.dimension());
    assertEquals(Set.of(ContentType.TEXT, ContentType.IMAGE), model.supportedContentTypes());
    assertEquals("itm", model.modelName());
  }

  @Test
  void embedding_ofWhatItCannot_isRefused() {
    EmbeddingInput both = EmbeddingInput.from(TextContent.from(TEXT), Photos.content("b.png"));
    assertThrows(
        IllegalArgumentException.class,
        () -> embeddings.embed(EmbeddingRequest.builder().inputs(List.of(both)).build()));
    assertThrows(
        UnsupportedFeatureException.class,
        () ->
            embeddings.doEmbed(
                EmbeddingRequest.builder()
                    .inputs(List.of(EmbeddingInput.from(TEXT)))
                    .dimensions(7)
                    .build()));
  }

  @Test
  void store_findsPicturesInTheOrderOfTheCosine() {
    var store = new InMemoryEmbeddingStore<TextSegment>();
    for (String name : Photos.NAMES) {
      store.add(embeddings.embed(Photos.image(name)), TextSegment.from(name));
    }

    List<String> found =
        store
            .search(
                EmbeddingSearchRequest.builder()
                    .queryEmbedding(embeddings.embed(TEXT).content())
                    .maxResults(3)
                    .build())
            .matches()
            .stream()
            .map(match -> match.embedded().text())
            .toList();

    float[] text = matcher.embed(TEXT);
    List<String> expected =
        Photos.NAMES.stream()
            .sorted(
                Comparator.comparingDouble(
                    name -> -product(text, matcher.embedPooled(Photos.image(name)))))
            .toList();
    assertEquals(expected, found);
  }

  private static double product(float[] a, float[] b) {
    double sum = 0;
    for (int i = 0; i < a.length; i++) {
      sum += (double) a[i] * b[i];
    }
    return sum;
  }

  private static double itm(String name, String text) {
    return matcher.match(Photos.image(name), text).itmProbability();
  }

  @Test
  void scores_ofPicturesForAText_areImageTextMatching() {
    ScoringModel byUrl = Blip2ScoringModel.of(matcher);
    assertEquals(itm("a.png", TEXT), byUrl.score(Photos.dataUrl("a.png"), TEXT).content(), 1e-6);
    assertEquals(itm("a.png", TEXT), byUrl.score(TEXT, Photos.dataUrl("a.png")).content(), 1e-6);
    assertEquals(
        product(matcher.embed(TEXT), matcher.embed("a dog")),
        byUrl.score("a dog", TEXT).content(),
        1e-6);
    assertEquals(1, byUrl.score(Photos.dataUrl("a.png"), Photos.dataUrl("a.png")).content(), 1e-5);
    assertEquals(
        itm("c.png", TEXT), Blip2ScoringModel.of(matcher).score(Photos.image("c.png"), TEXT));
    assertThrows(
        IllegalArgumentException.class, () -> byUrl.score("data:image/png;base64,AAAA", TEXT));
  }

  /** The framework's own re-ranking of what a retriever found. */
  @Test
  void aggregator_ranksPicturesByTheMatch() {
    ScoringModel model =
        Blip2ScoringModel.of(matcher)
            .withImages(
                segment ->
                    Optional.ofNullable(segment.metadata().getString("file")).map(Photos::image));
    List<Content> found =
        Photos.NAMES.stream()
            .map(name -> TextSegment.from("a photo", Metadata.from("file", name)))
            .map(Content::from)
            .toList();
    Query query = Query.from(TEXT);

    List<String> ranked =
        new ReRankingContentAggregator(model)
            .aggregate(Map.of(query, List.of(found))).stream()
                .map(content -> content.textSegment().metadata().getString("file"))
                .toList();

    List<String> expected =
        Photos.NAMES.stream().sorted(Comparator.comparingDouble(name -> -itm(name, TEXT))).toList();
    assertEquals(expected, ranked);
  }
}
