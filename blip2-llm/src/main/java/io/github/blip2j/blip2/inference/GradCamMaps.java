package io.github.blip2j.blip2.inference;

import io.github.blip2j.autograd.GradMode;
import io.github.blip2j.qformer.BertConfig;
import io.github.blip2j.qformer.GradCam;
import io.github.blip2j.qformer.TextBatch;
import io.github.blip2j.tensor.Scope;
import io.github.blip2j.tensor.Tensor;
import io.github.blip2j.vision.VisionConfig;
import io.github.blip2j.vision.image.HeatMap;
import io.github.blip2j.vision.image.Image;
import io.github.blip2j.vision.image.ImageSize;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.TreeMap;

/**
 * GradCAM maps of a Q-Former (Selvaraju et al. 2017): for each layer with cross-attention, the
 * relevance of every image patch to the match with a text. See {@link GradCam}.
 */
public final class GradCamMaps {
  private final Image image;
  private final int columns;
  private final List<Word> words;
  private final Map<Integer, Maps> layers;
  private final int usual;

  /** The start of each word's tokens, and the end of the last. */
  private record Word(String text, int begin, int end) {
    /** Prefix of WordPiece tokens that continue a word. */
    private static final String CONTINUED = "##";

    /** The words between the start and end tokens of a text. */
    static List<Word> of(MatchingSession session, int[] text) {
      List<Word> words = new ArrayList<>();
      for (int at = 1; at < text.length - 1; at++) {
        String token = session.tokenizer().decodeAll(new int[] {text[at]});
        if (token.startsWith(CONTINUED) && !words.isEmpty()) {
          Word last = words.remove(words.size() - 1);
          String longer = last.text + token.substring(CONTINUED.length());
          words.add(new Word(longer, last.begin, at + 1));
        } else {
          words.add(new Word(token, at, at + 1));
        }
      }
      return List.copyOf(words);
    }
  }

  /** Relevance of the patches in one layer. */
  private static final class Maps {
    final float[] whole; // [N], of the whole text
    final float[] tokens; // [T * N]

    Maps(float[] whole, float[] tokens) {
      this.whole = whole;
      this.tokens = tokens;
    }
  }

  private GradCamMaps(
      Image image, int columns, List<Word> words, Map<Integer, Maps> layers, int usual) {
    this.image = image;
    this.columns = columns;
    this.words = words;
    this.layers = layers;
    this.usual = usual;
  }

  public static GradCamMaps of(MatchingSession session, Image image, int[] text) {
    try (var scope = Scope.open(session.backend())) {
      Tensor encoded;
      try (var off = GradMode.noGrad()) {
        encoded = session.encodeImages(List.of(image));
      }
      return of(session, image, encoded, text);
    }
  }

  /** The maps of an image that is encoded already. */
  public static GradCamMaps of(
      MatchingSession session, Image image, MatchingFeatures features, int[] text) {
    features.require("gradCam", session, 1);
    try (var kept = features.enter()) {
      return of(session, image, features.patches(), text);
    }
  }

  private static GradCamMaps of(MatchingSession session, Image image, Tensor encoded, int[] text) {
    Map<Integer, Maps> layers = new TreeMap<>();
    VisionConfig vision = session.model().config().vision();
    try (var scope = Scope.open(session.backend())) {
      TextBatch texts = session.batch(List.of(text));
      for (GradCam.Layer layer :
          GradCam.of(session.qformer(), encoded, texts, vision.tokensBefore())) {
        float[] whole = layer.relevance().toFloats(); // [1, N]
        layers.put(layer.index(), new Maps(whole, layer.wordRelevance().toFloats()));
      }
    }
    ImageSize size = session.processor().size();
    int columns = size.width() / vision.patchSize();
    List<Word> words = Word.of(session, text);
    return new GradCamMaps(image, columns, words, layers, usualLayer(session.config().bert()));
  }

  /**
   * BLIP uses layer 6 of 12; this is the same relative depth, or the next layer with
   * cross-attention.
   */
  private static int usualLayer(BertConfig bert) {
    int last = 0;
    for (int layer = 0; layer < bert.layers(); layer++) {
      if (bert.readsImageAt(layer)) {
        last = layer;
        if (layer >= bert.layers() / 2) {
          return layer;
        }
      }
    }
    return last;
  }

  /** The layers with cross-attention, from the first. */
  public List<Integer> layers() {
    return List.copyOf(layers.keySet());
  }

  /** The default layer, in the middle of the model. */
  public int usualLayer() {
    return usual;
  }

  /**
   * The relevance of each patch to the match, at least 0.
   *
   * @return [rows][columns], from the top left
   * @throws IllegalArgumentException if the layer has no cross-attention
   */
  public float[][] relevance(int layer) {
    return rows(layer(layer).whole);
  }

  /** The words of the text, in order, as the tokenizer decodes them. */
  public List<String> words() {
    return words.stream().map(Word::text).toList();
  }

  /**
   * The relevance of each patch to the match through the attention of one word, at least 0; see
   * {@link GradCam.Layer#wordRelevance}. For a word of several tokens it is their mean.
   *
   * @param word its place in {@link #words}
   * @return [rows][columns], from the top left
   * @throws IllegalArgumentException if the layer has no cross-attention, or there is no such word
   */
  public float[][] relevance(int layer, int word) {
    return rows(patches(layer, word));
  }

  private float[][] rows(float[] patches) {
    float[][] rows = new float[patches.length / columns][];
    for (int row = 0; row < rows.length; row++) {
      rows[row] = Arrays.copyOfRange(patches, row * columns, (row + 1) * columns);
    }
    return rows;
  }

  /** The map of a layer drawn over the image, at the image's size. */
  public Image drawing(int layer) {
    return drawing(layer(layer).whole);
  }

  /** The map of a layer and a word drawn over the image, at the image's size. */
  public Image drawing(int layer, int word) {
    return drawing(patches(layer, word));
  }

  private Image drawing(float[] patches) {
    try (var scope = Scope.open()) {
      Tensor map = Tensor.of(patches, patches.length / columns, columns);
      return HeatMap.of(map).over(image);
    }
  }

  /** The mean over a word's tokens. */
  private float[] patches(int layer, int word) {
    Maps maps = layer(layer);
    if (word < 0 || word >= words.size()) {
      throw new IllegalArgumentException(
          String.format(
              Locale.ROOT, "gradCam: word expected among %d, got %d", words.size(), word));
    }
    Word selected = words.get(word);
    float[] mean = new float[maps.whole.length];
    for (int token = selected.begin; token < selected.end; token++) {
      for (int n = 0; n < mean.length; n++) {
        mean[n] += maps.tokens[token * mean.length + n] / (selected.end - selected.begin);
      }
    }
    return mean;
  }

  private Maps layer(int layer) {
    Maps maps = layers.get(layer);
    if (maps == null) {
      throw new IllegalArgumentException(
          String.format(
              Locale.ROOT,
              "gradCam: layer expected among those that attend to the image, %s, got %d",
              layers.keySet(),
              layer));
    }
    return maps;
  }
}
