package io.github.blip2j.qformer;

import io.github.blip2j.autograd.GradMode;
import io.github.blip2j.nn.ForwardPass;
import io.github.blip2j.tensor.Scope;
import io.github.blip2j.tensor.Tensor;
import io.github.blip2j.tensor.types.Shape;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * The relevance of image patches to a match (GradCAM, Selvaraju et al. 2017, as BLIP applies it to
 * attention): the queries' cross-attention, weighted by the gradient of the match score by it.
 *
 * <pre>{@code
 * B pairs, H heads, Q queries, T tokens, N patches and K tokens before them, as a class token
 * }</pre>
 */
public final class GradCam {
  private static final int YES = 1; // of no match and match

  private GradCam() {}

  /** The maps of one layer. */
  public static final class Layer {
    private final int index;
    private final Shape shape;
    private final float[] attention;
    private final float[] gradient;
    private final float[] selfAttention;
    private final int textTokens;
    private final int before; // tokens that are no patches

    private Layer(
        int index,
        Shape shape,
        float[] attention,
        float[] gradient,
        float[] selfAttention,
        int before) {
      this.index = index;
      this.shape = shape;
      this.attention = attention;
      this.gradient = gradient;
      this.selfAttention = selfAttention;
      this.before = before;
      double rows = Math.sqrt(selfAttention.length / (double) (shape.dim(0) * shape.dim(1)));
      this.textTokens = Math.toIntExact(Math.round(rows) - shape.dim(2));
    }

    /** The number of the layer in the Q-Former. */
    public int index() {
      return index;
    }

    /** The queries' cross-attention probabilities, [B, H, Q, K + N], in the open scope. */
    public Tensor attention() {
      return Tensor.of(attention, shape.toArray());
    }

    /**
     * Gradients of the sum of all match scores by {@link #attention}, [B, H, Q, K + N], in the open
     * scope.
     */
    public Tensor gradient() {
      return Tensor.of(gradient, shape.toArray());
    }

    /**
     * The relevance of each patch to the match: attention times the positive part of its gradient
     * (its relu), averaged over heads and queries. Tokens before the patches are left out.
     *
     * @return [B, N], in the open scope
     */
    public Tensor relevance() {
      int B = Math.toIntExact(shape.dim(0));
      int maps = Math.toIntExact(shape.dim(1) * shape.dim(2));
      int tokens = Math.toIntExact(shape.dim(3));
      int patches = tokens - before;
      float[] relevance = new float[B * patches];
      for (int b = 0; b < B; b++) {
        for (int t = before; t < tokens; t++) {
          double sum = 0;
          for (int map = 0; map < maps; map++) {
            int at = (b * maps + map) * tokens + t;
            sum += attention[at] * Math.max(0.0, gradient[at]);
          }
          relevance[b * patches + t - before] = (float) (sum / maps);
        }
      }
      return Tensor.of(relevance, B, patches);
    }

    /**
     * The relevance of each patch to the match by token. Tokens attend to queries, not to patches,
     * so it is the next layer's self-attention from token to query times the {@link #relevance} of
     * that query alone, summed over the queries; each averaged over heads. For the last layer it is
     * that layer's own self-attention.
     *
     * @return [B, T, N], in the open scope
     */
    public Tensor wordRelevance() {
      int B = Math.toIntExact(shape.dim(0));
      int Q = Math.toIntExact(shape.dim(2));
      int N = Math.toIntExact(shape.dim(3)) - before;
      float[] relevance = new float[B * textTokens * N];
      for (int b = 0; b < B; b++) {
        double[][] ofQueries = new double[Q][N];
        for (int q = 0; q < Q; q++) {
          for (int n = 0; n < N; n++) {
            ofQueries[q][n] = ofQuery(b, q, n + before);
          }
        }
        for (int t = 0; t < textTokens; t++) {
          for (int q = 0; q < Q; q++) {
            double weight = attentionTo(b, t, q);
            for (int n = 0; n < N; n++) {
              relevance[(b * textTokens + t) * N + n] += (float) (weight * ofQueries[q][n]);
            }
          }
        }
      }
      return Tensor.of(relevance, B, textTokens, N);
    }

    /** The relevance of an image token through one query: the mean over heads. */
    private double ofQuery(int b, int q, int token) {
      int H = Math.toIntExact(shape.dim(1));
      int Q = Math.toIntExact(shape.dim(2));
      int tokens = Math.toIntExact(shape.dim(3));
      double sum = 0;
      for (int h = 0; h < H; h++) {
        int at = ((b * H + h) * Q + q) * tokens + token;
        sum += attention[at] * Math.max(0.0, gradient[at]);
      }
      return sum / H;
    }

    /** The attention of a text token to a query: the mean over heads. */
    private double attentionTo(int b, int token, int q) {
      int H = Math.toIntExact(shape.dim(1));
      int Q = Math.toIntExact(shape.dim(2));
      int rows = Q + textTokens;
      double sum = 0;
      for (int h = 0; h < H; h++) {
        sum += selfAttention[((b * H + h) * rows + Q + token) * rows + q];
      }
      return sum / H;
    }
  }

  /**
   * The maps for a vision encoder with a class token before its patches; see {@link
   * #of(Blip2Qformer, Tensor, TextBatch, int)}.
   */
  public static List<Layer> of(Blip2Qformer model, Tensor image, TextBatch texts) {
    return of(model, image, texts, 1);
  }

  /**
   * The maps of every layer with cross-attention, from the first. Parameters that are being trained
   * accumulate gradients as in any backward pass; the model is otherwise unchanged.
   *
   * @param image the vision encoder's output, [B, K + N, E], before the norm of this model
   * @param texts text i belongs to image i
   * @param before the number of image tokens before the patches, {@code K}
   * @throws IllegalStateException under {@link GradMode#noGrad}, where there are no gradients
   */
  public static List<Layer> of(Blip2Qformer model, Tensor image, TextBatch texts, int before) {
    if (!GradMode.isRecording()) {
      throw new IllegalStateException(
          "GradCam: gradients expected to be recorded, got a call under noGrad; leave that block");
    }
    var watcher = new Watcher();
    try (var scope = Scope.open(model.backend())) {
      CrossAttentionKeyValues keyValues = model.imageKeyValues(image);
      Tensor logits =
          model.matchLogits(keyValues, texts, ForwardPass.evaluation().observedBy(watcher));
      logits.select(1, YES).sum().backward();
    }
    BertConfig config = model.bert().config();
    List<Layer> layers = new ArrayList<>();
    String path = model.bert().path() + ".layers.";
    for (int i = 0; i < config.layers(); i++) {
      if (config.readsImageAt(i)) {
        String own = path + i + "." + config.kind().contextAttention();
        int next = Math.min(i + 1, config.layers() - 1);
        layers.add(watcher.layer(i, own, path + next + ".attention", before));
      }
    }
    return layers;
  }

  /** Copies maps and gradients, which are valid only during the observer's call. */
  private static final class Watcher implements ForwardPass.Observer {
    private final Map<String, Shape> shapes = new HashMap<>();
    private final Map<String, float[]> attention = new HashMap<>();
    private final Map<String, float[]> gradients = new HashMap<>();

    @Override
    public boolean wantsAttention() {
      return true;
    }

    @Override
    public void attention(String path, Tensor weights) {
      shapes.put(path, weights.shape());
      attention.put(path, weights.detach().toFloats());
    }

    @Override
    public boolean wantsAttentionGradient() {
      return true;
    }

    @Override
    public void attentionGradient(String path, Tensor gradient) {
      gradients.put(path, gradient.toFloats());
    }

    Layer layer(int index, String path, String selfPath, int before) {
      @Nullable Shape shape = shapes.get(path);
      float @Nullable [] weights = attention.get(path);
      float @Nullable [] gradient = gradients.get(path);
      float @Nullable [] selfWeights = attention.get(selfPath);
      if (shape == null || weights == null || gradient == null || selfWeights == null) {
        throw new AssertionError(path + ": map and gradient expected, got none");
      }
      return new Layer(index, shape, weights, gradient, selfWeights, before);
    }
  }
}
