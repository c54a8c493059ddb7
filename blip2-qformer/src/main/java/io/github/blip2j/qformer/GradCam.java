package io.github.blip2j.qformer;

import io.github.blip2j.autograd.GradMode;
import io.github.blip2j.nn.Pass;
import io.github.blip2j.tensor.Scope;
import io.github.blip2j.tensor.Shape;
import io.github.blip2j.tensor.Tensor;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * Which patches of an image speak for a match (GradCAM, Selvaraju et al. 2017, as BLIP applies it
 * to attention): where queries look, weighted by how much looking there raises the match score.
 *
 * <pre>{@code
 * B pairs, H heads, Q queries, N patches and the class token before them
 * }</pre>
 */
public final class GradCam {
  private static final int YES = 1; // of no and yes

  private GradCam() {}

  /** One layer's look at the image. */
  public static final class Layer {
    private final int index;
    private final Shape shape;
    private final float[] attention;
    private final float[] gradient;

    private Layer(int index, Shape shape, float[] attention, float[] gradient) {
      this.index = index;
      this.shape = shape;
      this.attention = attention;
      this.gradient = gradient;
    }

    /** Which layer of the Q-Former. */
    public int index() {
      return index;
    }

    /** Where the queries look: probabilities, [B, H, Q, N + 1], in the open scope. */
    public Tensor attention() {
      return Tensor.of(attention, shape.toArray());
    }

    /**
     * Gradients of the sum of all match scores by {@link #attention}, [B, H, Q, N + 1], in the open
     * scope.
     */
    public Tensor gradient() {
      return Tensor.of(gradient, shape.toArray());
    }

    /**
     * How much each patch speaks for the match: attention times what is positive of its gradient,
     * averaged over heads and queries. The class token is left out.
     *
     * @return [B, N], in the open scope
     */
    public Tensor relevance() {
      int B = Math.toIntExact(shape.dim(0));
      int maps = Math.toIntExact(shape.dim(1) * shape.dim(2));
      int tokens = Math.toIntExact(shape.dim(3));
      float[] relevance = new float[B * (tokens - 1)];
      for (int b = 0; b < B; b++) {
        for (int t = 1; t < tokens; t++) {
          double sum = 0;
          for (int map = 0; map < maps; map++) {
            int at = (b * maps + map) * tokens + t;
            sum += attention[at] * Math.max(0.0, gradient[at]);
          }
          relevance[b * (tokens - 1) + t - 1] = (float) (sum / maps);
        }
      }
      return Tensor.of(relevance, B, tokens - 1);
    }
  }

  /**
   * Every layer that reads the image, from the first. The model is only read, unless parameters of
   * it are being trained: those gather gradients as in any backward pass.
   *
   * @param image what the vision tower sees, [B, N + 1, E], before the norm of this model
   * @param texts text i belongs to image i
   * @throws IllegalStateException under {@link GradMode#noGrad}, where there are no gradients
   */
  public static List<Layer> of(Blip2Qformer model, Tensor image, TextBatch texts) {
    if (!GradMode.isRecording()) {
      throw new IllegalStateException(
          "GradCam: gradients expected to be recorded, got a call under noGrad; leave that block");
    }
    var watcher = new Watcher();
    try (var scope = Scope.open()) {
      BertContext read = model.readImage(image);
      Tensor logits = model.matchLogits(read, texts, Pass.evaluation().observedBy(watcher));
      logits.select(1, YES).sum().backward();
    }
    BertConfig config = model.bert().config();
    List<Layer> layers = new ArrayList<>();
    for (int i = 0; i < config.layers(); i++) {
      if (config.readsImageAt(i)) {
        String path =
            "%s.layers.%d.%s".formatted(model.bert().path(), i, config.kind().contextAttention());
        layers.add(watcher.layer(i, path));
      }
    }
    return layers;
  }

  /** Copies maps and gradients, which live no longer than the call that shows them. */
  private static final class Watcher implements Pass.Observer {
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

    Layer layer(int index, String path) {
      @Nullable Shape shape = shapes.get(path);
      float @Nullable [] weights = attention.get(path);
      float @Nullable [] gradient = gradients.get(path);
      if (shape == null || weights == null || gradient == null) {
        throw new AssertionError(path + ": map and gradient expected, got none");
      }
      return new Layer(index, shape, weights, gradient);
    }
  }
}
