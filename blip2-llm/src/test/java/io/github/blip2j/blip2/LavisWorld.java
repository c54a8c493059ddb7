package io.github.blip2j.blip2;

import io.github.blip2j.blip2.model.Blip2RetrievalModel;
import io.github.blip2j.io.file.ConfigJson;
import io.github.blip2j.nn.ForwardPass;
import io.github.blip2j.nn.KeyValueCache;
import io.github.blip2j.qformer.Blip2Qformer;
import io.github.blip2j.qformer.CrossAttentionKeyValues;
import io.github.blip2j.qformer.TextBatch;
import io.github.blip2j.qformer.objective.ContrastiveLoss;
import io.github.blip2j.qformer.objective.Features;
import io.github.blip2j.qformer.objective.GenerationLoss;
import io.github.blip2j.qformer.objective.MatchingLoss;
import io.github.blip2j.qformer.objective.Pairs;
import io.github.blip2j.qformer.objective.Similarities;
import io.github.blip2j.tensor.Tensor;
import io.github.blip2j.text.HuggingFaceTokenizer;
import io.github.blip2j.text.Side;
import io.github.blip2j.vision.image.Image;
import io.github.blip2j.vision.image.ImageProcessor;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.IntStream;

/** Several processes of LAVIS in one, with all their pairs at hand. */
final class LavisWorld {
  private static final int PAD = 0;

  private final Blip2Qformer model;
  private final List<ConfigJson> ranks;
  private final int each;
  private final CrossAttentionKeyValues images;
  private final TextBatch texts;
  private final Features gathered;

  LavisWorld(Blip2RetrievalModel stageOne, Path folder, List<ConfigJson> ranks) throws IOException {
    this.model = stageOne.qformer();
    this.ranks = ranks;
    this.each = ranks.get(0).stringsAt("captions").size();
    var processor = ImageProcessor.blip2(stageOne.config().vision().imageSize());
    int longest = stageOne.config().qformer().maxTextTokens();
    List<Image> pictures = new ArrayList<>();
    List<int[]> captions = new ArrayList<>();
    try (HuggingFaceTokenizer tokenizer = HuggingFaceTokenizer.open(folder)) {
      for (ConfigJson rank : ranks) {
        for (String caption : rank.stringsAt("captions")) {
          pictures.add(processor.read(folder.resolve("images/" + pictures.size() + ".png")));
          captions.add(tokenizer.encodeTruncated(caption, longest, Side.RIGHT));
        }
      }
    }
    Tensor pixels = processor.tensor(pictures);
    this.images = model.imageKeyValues(stageOne.encodeImage(pixels, ForwardPass.evaluation()));
    this.texts = TextBatch.of(captions, PAD, longest);
    this.gathered = features(images, texts).detach();
  }

  /** Contrast, matching and generation of one process. */
  Tensor[] losses(int rank) throws IOException {
    ForwardPass pass = ForwardPass.evaluation();
    int first = rank * each;
    int[] own = IntStream.range(first, first + each).toArray();
    Pairs pairs = Pairs.among(each, first, texts.size());
    TextBatch captions = texts.rows(own);
    CrossAttentionKeyValues pictures = images.rows(own);

    KeyValueCache cache = model.cache(texts.length());
    Tensor queries = model.encodeQueries(pictures, cache, pass);
    Tensor words = model.encodeText(captions, pass);
    var features = new Features(model.imageFeatures(queries), model.textFeature(words));
    var similarities = Similarities.of(features, gathered, model.temperature());
    Tensor decoded = GenerationLoss.decode(model, cache, captions, pass);
    var negatives = LavisStageOne.negatives(ranks.get(rank));
    Tensor logits = MatchingLoss.logits(model, images, texts, pairs, negatives, pass);
    return new Tensor[] {
      ContrastiveLoss.lavis().of(similarities, pairs),
      MatchingLoss.of(logits),
      GenerationLoss.of(model, decoded, captions, GenerationLoss.lavis())
    };
  }

  private Features features(CrossAttentionKeyValues pictures, TextBatch captions) {
    ForwardPass pass = ForwardPass.evaluation();
    return new Features(
        model.imageFeatures(model.encodeQueries(pictures, pass)),
        model.textFeature(model.encodeText(captions, pass)));
  }
}
