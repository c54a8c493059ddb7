package io.github.blip2j.blip2.features;

import io.github.blip2j.distributed.RankBytes;
import io.github.blip2j.distributed.RankFailure;
import io.github.blip2j.distributed.Ranks;
import io.github.blip2j.distributed.Rounds;
import io.github.blip2j.tensor.Scope;
import io.github.blip2j.tensor.Tensor;
import io.github.blip2j.vision.image.UnreadableImageException;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.EnumMap;
import java.util.List;
import java.util.Map;
import java.util.Set;

/** An export whose batches ranks take in turn, and whose file the first of them writes. */
final class SharedFeatures {
  private static final byte[] READABLE = {};

  private final Ranks ranks;
  private final Set<Feature> ofImages;
  private final int batch;

  SharedFeatures(Ranks ranks, Set<Feature> ofImages, int batch) {
    this.ranks = ranks;
    this.ofImages = ofImages;
    this.batch = batch;
  }

  /** Opens the file of the first rank. */
  @FunctionalInterface
  interface Opening {
    FeatureFile open() throws IOException;
  }

  /** The file of this rank, which only the first writes. */
  FeatureFile file(Opening opening) throws IOException {
    return ranks.agreeIo(() -> ranks.isFirst() ? opening.open() : new Nowhere());
  }

  /** Work with some of the images or texts. */
  @FunctionalInterface
  interface Step<T, R> {
    R of(List<T> some) throws IOException;
  }

  /** The texts' unit vectors, [texts][P]. */
  List<float[]> texts(List<String> texts, Step<String, Tensor> encode) throws IOException {
    List<float[]> vectors = new ArrayList<>();
    Rounds.run(
        ranks,
        batches(texts),
        number -> {
          try (var scope = Scope.open()) {
            return RankBytes.of(List.of(encode.of(some(texts, number))));
          }
        },
        (number, bytes) -> {
          try (var scope = Scope.open()) {
            vectors.addAll(List.of(RankBytes.tensors(bytes).get(0).toFloatRows()));
          }
        });
    return vectors;
  }

  /** Receives the features of a batch of images, on all ranks. */
  @FunctionalInterface
  interface Taker<T> {
    void take(List<T> some, Map<Feature, Tensor> found) throws IOException;
  }

  /** Features of all items. */
  <T> void images(List<T> items, Step<T, Map<Feature, Tensor>> encode, Taker<T> taker)
      throws IOException {
    Rounds.run(
        ranks,
        batches(items),
        number -> {
          try (var scope = Scope.open()) {
            return RankBytes.of(List.copyOf(encode.of(some(items, number)).values()));
          }
        },
        (number, bytes) -> {
          try (var scope = Scope.open()) {
            Map<Feature, Tensor> found = new EnumMap<>(Feature.class);
            List<Tensor> tensors = RankBytes.tensors(bytes);
            for (Feature feature : ofImages) { // both in the order of the features
              found.put(feature, tensors.get(found.size()));
            }
            taker.take(some(items, number), found);
          }
        });
  }

  /** Opens an item, or fails. */
  @FunctionalInterface
  interface Check<T> {
    void read(T item) throws IOException;
  }

  /** The items whose images can be read. */
  <T> List<T> readable(List<T> items, Check<T> check, FeatureExport.Listener listener)
      throws IOException {
    List<T> readable = new ArrayList<>();
    Rounds.run(
        ranks,
        items.size(),
        number -> {
          try {
            check.read(items.get(number));
            return READABLE;
          } catch (UnreadableImageException e) {
            return RankFailure.message(e).getBytes(StandardCharsets.UTF_8);
          }
        },
        (number, why) -> {
          if (why.length == 0) {
            readable.add(items.get(number));
          } else {
            listener.skipped(new UnreadableImageException(new String(why, StandardCharsets.UTF_8)));
          }
        });
    return readable;
  }

  private int batches(List<?> all) {
    return (all.size() + batch - 1) / batch;
  }

  private <T> List<T> some(List<T> all, int number) {
    return all.subList(number * batch, Math.min((number + 1) * batch, all.size()));
  }

  /** The file of a rank that writes none. */
  private static final class Nowhere implements FeatureFile {
    @Override
    public void texts(List<String> texts, List<float[]> vectors) {
      // The first rank writes them.
    }

    @Override
    public void images(List<String> names, Map<Feature, Tensor> found) {
      // The first rank writes them.
    }

    @Override
    public void finish() {
      // Nothing is written.
    }

    @Override
    public void close() {
      // Nothing is open.
    }
  }
}
