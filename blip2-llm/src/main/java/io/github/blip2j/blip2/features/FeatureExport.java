package io.github.blip2j.blip2.features;

import static io.github.blip2j.blip2.text.Arguments.required;

import io.github.blip2j.blip2.text.Arguments;
import io.github.blip2j.distributed.Ranks;
import io.github.blip2j.io.file.CheckpointException;
import io.github.blip2j.io.file.PathName;
import io.github.blip2j.tensor.Scope;
import io.github.blip2j.tensor.Tensor;
import io.github.blip2j.vision.image.Image;
import io.github.blip2j.vision.image.ImageFiles;
import io.github.blip2j.vision.image.ImageProcessor;
import io.github.blip2j.vision.image.UnreadableImageException;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.EnumSet;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;

/**
 * Exports features of any number of images, and of texts, to one file. Images are processed in
 * batches, so memory does not grow with their number. Immutable.
 *
 * <pre>{@code
 * List<String> images = FeatureExport.images(Path.of("photos"));
 * matcher.export(Feature.QUERIES, Feature.SINGLE).toSafetensors(images, Path.of("f.safetensors"));
 * }</pre>
 */
public final class FeatureExport {
  private static final int BATCH = 8; // more gains little and takes memory

  /** Opens an image by its name. */
  @FunctionalInterface
  public interface Reader {
    /** The image. */
    Image read(String name) throws IOException;
  }

  /** Receives the progress of an export. */
  public interface Listener {
    /** Called after each batch with the number of images done. */
    default void done(int images, int of) {}

    /** Called when an image is left out. */
    default void skipped(UnreadableImageException why) {}
  }

  private final FeatureSource source;
  private final ImageProcessor processor;
  private final Set<Feature> features;
  private final Reader reader;
  private final List<String> texts;
  private final boolean skipping;
  private final Listener listener;
  private final Ranks ranks;

  private FeatureExport(
      FeatureSource source,
      ImageProcessor processor,
      Set<Feature> features,
      Reader reader,
      List<String> texts,
      boolean skipping,
      Listener listener,
      Ranks ranks) {
    this.source = source;
    this.processor = processor;
    this.features = features;
    this.reader = reader;
    this.texts = texts;
    this.skipping = skipping;
    this.listener = listener;
    this.ranks = ranks;
  }

  public static FeatureExport from(
      FeatureSource source, ImageProcessor processor, Feature... features) {
    Set<Feature> wanted = EnumSet.noneOf(Feature.class);
    for (Feature feature : Arguments.requiredAll("embed", "feature", Arrays.asList(features))) {
      requireAmong(source.features(), feature);
      wanted.add(feature);
    }
    Reader files = name -> processor.read(PathName.typed(name));
    return new FeatureExport(
        source, processor, wanted, files, List.of(), false, new Listener() {}, Ranks.ALONE);
  }

  /** Checks that a model has a feature. */
  static void requireAmong(Set<Feature> features, Feature feature) {
    if (!features.contains(feature)) {
      throw new IllegalArgumentException(
          String.format(
              Locale.ROOT,
              "embed: feature expected of %s, which this model has, got %s",
              features,
              feature));
    }
  }

  /** This export with another way to open images than as files of their names. */
  public FeatureExport reading(Reader newReader) {
    return new FeatureExport(
        source, processor, features, newReader, texts, skipping, listener, ranks);
  }

  /** This export with texts: for {@link Feature#TEXT}, and for the images of a multimodal one. */
  public FeatureExport withTexts(List<String> newTexts) {
    List<String> copy = List.copyOf(Arguments.requiredAll("embed", "text", newTexts));
    return new FeatureExport(source, processor, features, reader, copy, skipping, listener, ranks);
  }

  /** This export without the images that cannot be read, instead of failing at the first. */
  public FeatureExport skippingUnreadable() {
    return new FeatureExport(source, processor, features, reader, texts, true, listener, ranks);
  }

  /** This export with a listener for its progress. */
  public FeatureExport onProgress(Listener newListener) {
    return new FeatureExport(
        source, processor, features, reader, texts, skipping, newListener, ranks);
  }

  /**
   * This export, shared by ranks that call it together: they take the batches in turn, and the
   * first writes the file of one process. Each rank has the same images and texts. If unreadable
   * images are skipped, all are opened twice.
   */
  public FeatureExport among(Ranks newRanks) {
    return new FeatureExport(
        source, processor, features, reader, texts, skipping, listener, newRanks);
  }

  /**
   * Checks that features can be written to a file, before a model is loaded for them: as JSON lines
   * if it ends in {@code .jsonl}, else as safetensors.
   *
   * @throws CheckpointException if its folder doesn't exist, or there is anything but features
   */
  public static void requireTarget(Path file) throws IOException {
    (isJsonLines(file) ? JsonLinesFeatures.KIND : SafetensorsFeatures.KIND).require(file);
  }

  /** Whether a file of this name is for JSON lines. */
  public static boolean isJsonLines(Path file) {
    return file.toString().endsWith(".jsonl");
  }

  /**
   * The images in a folder and its subfolders, as {@link ImageFiles#in} finds them, for an export.
   */
  public static List<String> images(Path folder) throws IOException {
    return ImageFiles.in(required("embed", "folder", folder)).stream().map(PathName::of).toList();
  }

  /**
   * Writes a tensor for each feature, row i of image i, named by {@link Feature#tensor}. The
   * metadata name the images and texts as JSON lists under {@code images} and {@code texts}.
   *
   * <p>If unreadable images are skipped, all are opened twice: the file begins with their number.
   *
   * @param file replaced if it is such a file of features already
   * @return the names of the images that were written
   * @throws CheckpointException if {@code file} is any other file
   */
  public List<String> toSafetensors(List<String> images, Path file) throws IOException {
    List<Item> items = ranks.agreeIo(() -> items(images));
    ranks.agreeIo(
        () -> {
          SafetensorsFeatures.KIND.require(file);
          return file;
        });
    List<Item> readable = skipping ? readable(items) : items;
    List<String> names = readable.stream().map(Item::name).toList();
    try (FeatureFile target = shared().file(() -> new SafetensorsFeatures(file, names))) {
      return ranks.areAlone() ? write(readable, target, false) : writeShared(readable, target);
    }
  }

  /**
   * Writes a line of JSON for each text, then one for each image.
   *
   * @param file replaced if it is such a file of features already
   * @return the names of the images that were written
   * @throws CheckpointException if {@code file} is any other file
   */
  public List<String> toJsonLines(List<String> images, Path file) throws IOException {
    List<Item> items = ranks.agreeIo(() -> items(images));
    List<Item> readable = skipping && !ranks.areAlone() ? readable(items) : items;
    try (FeatureFile target = shared().file(() -> JsonLinesFeatures.create(file))) {
      return ranks.areAlone() ? write(items, target, skipping) : writeShared(readable, target);
    }
  }

  /** An image, and the text of its multimodal features if those are wanted. */
  private record Item(String name, String text) {}

  private List<Item> items(List<String> images) {
    requireAgreement(images);
    List<Item> items = new ArrayList<>();
    for (int i = 0; i < images.size() && !ofImages().isEmpty(); i++) {
      boolean one = texts.size() == 1;
      boolean joint = features.contains(Feature.MULTIMODAL);
      items.add(new Item(images.get(i), joint ? texts.get(one ? 0 : i) : ""));
    }
    return items;
  }

  private void requireAgreement(List<String> images) {
    required("embed", "images", images).forEach(image -> required("embed", "image", image));
    Set<Feature> ofImages = ofImages();
    if (images.isEmpty() && !ofImages.isEmpty()) {
      throw new IllegalArgumentException(
          String.format(Locale.ROOT, "embed: images expected at least 1 for %s, got 0", ofImages));
    }
    if (texts.isEmpty() && features.contains(Feature.TEXT)) {
      throw new IllegalArgumentException("embed: texts expected at least 1 for text, got 0");
    }
    boolean paired = texts.size() == 1 || texts.size() == images.size();
    if (features.contains(Feature.MULTIMODAL) && !paired) {
      throw new IllegalArgumentException(
          String.format(
              Locale.ROOT,
              "embed: texts expected 1 or one for each of %d images for multimodal, got %d",
              images.size(),
              texts.size()));
    }
  }

  private Set<Feature> ofImages() {
    Set<Feature> ofImages = EnumSet.copyOf(features);
    ofImages.remove(Feature.TEXT);
    return ofImages;
  }

  private SharedFeatures shared() {
    return new SharedFeatures(ranks, ofImages(), BATCH);
  }

  private List<Item> readable(List<Item> items) throws IOException {
    return shared().readable(items, item -> reader.read(item.name), listener);
  }

  private List<String> writeShared(List<Item> items, FeatureFile file) throws IOException {
    ranks.requireEqual(
        "images, texts and features",
        String.format(
            Locale.ROOT,
            "%d (%x), %d (%x), %s",
            items.size(),
            items.hashCode(),
            texts.size(),
            texts.hashCode(),
            features));
    SharedFeatures shared = shared();
    if (features.contains(Feature.TEXT)) {
      List<float[]> vectors = shared.texts(texts, source::ofTexts);
      agreed(() -> file.texts(texts, vectors));
    }
    List<String> written = new ArrayList<>();
    shared.images(
        items,
        this::encode,
        (some, found) -> {
          List<String> names = some.stream().map(Item::name).toList();
          file.images(names, found);
          written.addAll(names);
          listener.done(written.size(), items.size());
        });
    agreed(() -> finish(file, written));
    return List.copyOf(written);
  }

  /** Work that any rank may fail at. */
  @FunctionalInterface
  private interface Action {
    void run() throws IOException;
  }

  private void agreed(Action action) throws IOException {
    ranks.agreeIo(
        () -> {
          action.run();
          return action;
        });
  }

  private Map<Feature, Tensor> encode(List<Item> items) throws IOException {
    List<Image> images = new ArrayList<>();
    for (Item item : items) {
      images.add(processor.fit(reader.read(item.name)));
    }
    return source.ofImages(images, items.stream().map(Item::text).toList(), ofImages());
  }

  private void finish(FeatureFile file, List<String> written) throws IOException {
    if (written.isEmpty() && !ofImages().isEmpty()) {
      throw new IllegalArgumentException("embed: readable images expected, got none");
    }
    file.finish();
  }

  private List<String> write(List<Item> items, FeatureFile file, boolean skip) throws IOException {
    if (features.contains(Feature.TEXT)) {
      file.texts(texts, textVectors());
    }
    List<String> written = new ArrayList<>();
    List<Item> batch = new ArrayList<>();
    List<Image> images = new ArrayList<>();
    for (int i = 0; i < items.size(); i++) {
      try {
        // At the model's input size, because a batch of photographs would fill the heap.
        images.add(processor.fit(reader.read(items.get(i).name)));
        batch.add(items.get(i));
      } catch (UnreadableImageException e) {
        if (!skip) {
          throw e;
        }
        listener.skipped(e);
      }
      if (batch.size() == BATCH || (i == items.size() - 1 && !batch.isEmpty())) {
        List<String> names = batch.stream().map(Item::name).toList();
        write(names, images, batch.stream().map(Item::text).toList(), file);
        written.addAll(names);
        batch.clear();
        images.clear();
        listener.done(i + 1, items.size());
      }
    }
    finish(file, written);
    return List.copyOf(written);
  }

  private void write(List<String> names, List<Image> images, List<String> about, FeatureFile file)
      throws IOException {
    try (var scope = Scope.open()) {
      file.images(names, source.ofImages(images, about, ofImages()));
    }
  }

  private List<float[]> textVectors() {
    List<float[]> vectors = new ArrayList<>();
    for (int from = 0; from < texts.size(); from += BATCH) {
      try (var scope = Scope.open()) {
        Tensor some = source.ofTexts(texts.subList(from, Math.min(from + BATCH, texts.size())));
        vectors.addAll(List.of(some.toFloatRows()));
      }
    }
    return vectors;
  }
}
