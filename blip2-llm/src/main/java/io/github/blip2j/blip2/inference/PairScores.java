package io.github.blip2j.blip2.inference;

import io.github.blip2j.autograd.GradMode;
import io.github.blip2j.blip2.text.Match;
import io.github.blip2j.nn.ForwardPass;
import io.github.blip2j.qformer.Blip2Qformer;
import io.github.blip2j.qformer.CrossAttentionKeyValues;
import io.github.blip2j.qformer.TextBatch;
import io.github.blip2j.tensor.Scope;
import io.github.blip2j.tensor.Tensor;
import io.github.blip2j.vision.image.Image;
import java.util.ArrayList;
import java.util.List;

/**
 * Scores pairs of images and texts; each image is encoded once for both scores.
 *
 * <pre>{@code
 * B images or pairs, T texts, Q queries, P compared width
 * }</pre>
 */
public final class PairScores {
  private static final int BATCH = 16; // an image's keys and values are copied for each text

  private final MatchingSession session;
  private final Blip2Qformer qformer;

  /** Calls run while {@code session} is held open. */
  public PairScores(MatchingSession session) {
    this.session = session;
    this.qformer = session.qformer();
  }

  /** One image against every text. */
  public List<Match> against(Image image, List<int[]> texts) {
    try (var off = GradMode.noGrad();
        var scope = Scope.open(session.backend())) {
      CrossAttentionKeyValues keyValues =
          qformer.imageKeyValues(session.encodeImages(List.of(image)));
      return against(keyValues, features(keyValues), texts);
    }
  }

  /** One encoded image against every text. */
  public List<Match> against(MatchingFeatures features, List<int[]> texts) {
    features.require("match", session, 1);
    try (var kept = features.enter();
        var off = GradMode.noGrad();
        var scope = Scope.open(session.backend())) {
      return against(qformer.imageKeyValues(features.patches()), features.compared(), texts);
    }
  }

  /** The one row of key-values and of features [1, Q, P] against every text. */
  private List<Match> against(
      CrossAttentionKeyValues keyValues, Tensor features, List<int[]> texts) {
    List<Match> matches = new ArrayList<>();
    for (int from = 0; from < texts.size(); from += BATCH) {
      List<int[]> some = texts.subList(from, Math.min(from + BATCH, texts.size()));
      try (var part = Scope.open()) {
        int[] rows = new int[some.size()]; // all of them row 0
        matches.addAll(score(keyValues.rows(rows), features.gather(Tensor.ids(rows)), some));
      }
    }
    return List.copyOf(matches);
  }

  /** Image i against text i. */
  public List<Match> pairs(List<Image> images, List<int[]> texts) {
    List<Match> matches = new ArrayList<>();
    for (int from = 0; from < texts.size(); from += BATCH) {
      int to = Math.min(from + BATCH, texts.size());
      try (var off = GradMode.noGrad();
          var scope = Scope.open(session.backend())) {
        CrossAttentionKeyValues keyValues =
            qformer.imageKeyValues(session.encodeImages(images.subList(from, to)));
        matches.addAll(score(keyValues, features(keyValues), texts.subList(from, to)));
      }
    }
    return List.copyOf(matches);
  }

  /** Encoded image i against text i. */
  public List<Match> pairs(MatchingFeatures features, List<int[]> texts) {
    features.require("match", session, texts.size());
    List<Match> matches = new ArrayList<>();
    try (var kept = features.enter();
        var off = GradMode.noGrad()) {
      for (int from = 0; from < texts.size(); from += BATCH) {
        int count = Math.min(BATCH, texts.size() - from);
        try (var scope = Scope.open(session.backend())) {
          Tensor patches = features.patches().narrow(0, from, count);
          Tensor compared = features.compared().narrow(0, from, count);
          List<int[]> some = texts.subList(from, from + count);
          matches.addAll(score(qformer.imageKeyValues(patches), compared, some));
        }
      }
    }
    return List.copyOf(matches);
  }

  private Tensor features(CrossAttentionKeyValues keyValues) {
    return qformer.imageFeatures(qformer.encodeQueries(keyValues, ForwardPass.evaluation()));
  }

  private List<Match> score(CrossAttentionKeyValues keyValues, Tensor images, List<int[]> texts) {
    TextBatch batch = session.batch(texts);
    Tensor starts = qformer.encodeTextStart(batch, ForwardPass.evaluation());
    double[] cosines = cosines(images, qformer.textFeature(starts));
    float[] logits =
        qformer.matchLogits(keyValues, batch, ForwardPass.evaluation()).toFloats(); // [B, 2]
    List<Match> matches = new ArrayList<>();
    for (int b = 0; b < cosines.length; b++) {
      matches.add(Match.of(cosines[b], logits[2 * b], logits[2 * b + 1]));
    }
    return matches;
  }

  /** The largest over the queries of image b with text b; images [B, Q, P], texts [B, P]. */
  private static double[] cosines(Tensor images, Tensor texts) {
    int B = Math.toIntExact(images.dim(0));
    int Q = Math.toIntExact(images.dim(1));
    float[] all = images.matmul(texts.reshape(B, texts.dim(1), 1)).toFloats(); // [B, Q, 1]
    double[] largest = new double[B];
    for (int b = 0; b < B; b++) {
      float best = all[b * Q];
      for (int q = 1; q < Q; q++) {
        best = Math.max(best, all[b * Q + q]);
      }
      largest[b] = best;
    }
    return largest;
  }
}
