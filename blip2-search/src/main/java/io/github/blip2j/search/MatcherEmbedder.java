package io.github.blip2j.search;

import io.github.blip2j.blip2.ImageTextMatcher;
import io.github.blip2j.blip2.inference.BundledModel;
import io.github.blip2j.blip2.text.Match;
import io.github.blip2j.io.file.ModelDigest;
import io.github.blip2j.io.file.PathName;
import io.github.blip2j.qformer.Blip2QformerConfig;
import io.github.blip2j.search.store.IndexModel;
import io.github.blip2j.tensor.Scope;
import io.github.blip2j.tensor.Tensor;
import io.github.blip2j.vision.image.Image;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;

/** Vectors of a model of the first stage. It does not close the model. */
public final class MatcherEmbedder implements ImageEmbedder {
  /** The name of the bundled model in an index. */
  public static final String BUNDLED = "bundled";

  private final ImageTextMatcher matcher;
  private final IndexModel model;

  private MatcherEmbedder(ImageTextMatcher matcher, IndexModel model) {
    this.matcher = matcher;
    this.model = model;
  }

  /**
   * Vectors of a loaded model.
   *
   * @param files the folder or file that it was loaded from, and then those of its adapters; none
   *     for the bundled model. An index knows the model by a hash of their weights, by samples
   */
  public static MatcherEmbedder of(ImageTextMatcher matcher, List<Path> files) throws IOException {
    String digest = digest(files);
    Blip2QformerConfig sizes = matcher.model().config().qformer();
    String name =
        files.isEmpty() ? BUNDLED : PathName.of(files.get(0).toAbsolutePath().normalize());
    return new MatcherEmbedder(
        matcher, new IndexModel(name, digest, sizes.queryTokens(), sizes.projectionDim()));
  }

  /**
   * The {@code digest} of the {@link IndexModel} of these files, which need not be loaded for it.
   *
   * @param files as {@link #of} takes them
   */
  public static String digest(List<Path> files) throws IOException {
    if (files.isEmpty()) {
      return BundledModel.matcherDigest();
    }
    List<String> digests = new ArrayList<>();
    for (Path file : files) {
      digests.add(ModelDigest.of(file).hex());
    }
    return String.join("+", digests);
  }

  /** The same model in another form, as by {@link ImageTextMatcher#withCancellation}. */
  public MatcherEmbedder with(ImageTextMatcher sameModel) {
    return new MatcherEmbedder(sameModel, model);
  }

  @Override
  public IndexModel model() {
    return model;
  }

  @Override
  public Image fit(Image image) {
    return matcher.processor().fit(image);
  }

  @Override
  public List<float[]> embed(List<Image> fitted) {
    try (var scope = Scope.open(matcher.model().backend())) {
      Tensor vectors = matcher.features().images(fitted).compared(); // [B, Q, P]
      return List.of(vectors.reshape(fitted.size(), model.numbers()).toFloatRows());
    }
  }

  @Override
  public float[] embed(String text) {
    return matcher.embed(text);
  }

  @Override
  public Match match(Image image, String text) {
    return matcher.match(image, text);
  }
}
