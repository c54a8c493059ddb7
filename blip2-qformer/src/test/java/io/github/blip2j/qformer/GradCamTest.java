package io.github.blip2j.qformer;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotNull;

import io.github.blip2j.golden.Golden;
import io.github.blip2j.nn.ForwardPass;
import io.github.blip2j.nn.NoisyWeights;
import io.github.blip2j.tensor.InScope;
import io.github.blip2j.tensor.Scope;
import io.github.blip2j.tensor.Tensor;
import java.util.HashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Random;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;

/** Maps of single words against loops over what an observer of the same pass sees. */
@ExtendWith(InScope.class)
final class GradCamTest {
  private static final int B = 2;
  private static final int H = TinyBert.HEADS;
  private static final int Q = 4;
  private static final int T = 5;
  private static final int N = 6;

  @Test
  void wordRelevance_equalsLoops(Scope scope) {
    var config = new Blip2QformerConfig(TinyBert.config(true), Q, 5, 1e-5, T);
    var model = Blip2Qformer.forRetrieval(config, NoisyWeights.params(scope, 3));
    Tensor image = NoisyWeights.tensor(new Random(7), B, N + 1, TinyBert.ENCODER_DIM);
    TextBatch texts = TextBatch.of(List.of(new int[] {3, 16, 5, 9, 2}, new int[] {1, 8, 4}), 0);

    List<GradCam.Layer> layers = GradCam.of(model, image, texts);

    var seen = new Seen();
    ForwardPass watched = ForwardPass.evaluation().observedBy(seen);
    model.matchLogits(model.imageKeyValues(image), texts, watched).select(1, 1).sum().backward();
    assertEquals(List.of(0, 2), layers.stream().map(GradCam.Layer::index).toList());
    for (GradCam.Layer layer : layers) {
      Tensor actual = layer.wordRelevance();
      assertEquals("[2, 5, 6]", actual.shape().toString());
      int reading = layer.index() == 0 ? 1 : 2; // after the last layer nothing is read
      float[] words = seen.map("qformer.layers.%d.attention", reading);
      float[] maps = seen.map("qformer.layers.%d.imageAttention", layer.index());
      float[] gradients = seen.gradient("qformer.layers.%d.imageAttention", layer.index());
      float[] expected = loops(words, maps, gradients);
      Golden.assertClose("words", expected, actual.toFloats(), 1e-5 * largest(expected));
    }
  }

  /** Without a class token the first image token is a patch too. */
  @Test
  void relevance_withoutTokensBeforeThePatches_hasThatOfTheFirstTooAndTheRestAlike(Scope scope) {
    var config = new Blip2QformerConfig(TinyBert.config(true), Q, 5, 1e-5, T);
    var model = Blip2Qformer.forRetrieval(config, NoisyWeights.params(scope, 3));
    Tensor image = NoisyWeights.tensor(new Random(7), B, N + 1, TinyBert.ENCODER_DIM);
    TextBatch texts = TextBatch.of(List.of(new int[] {3, 16, 5}, new int[] {1, 8, 4}), 0);

    List<GradCam.Layer> behind = GradCam.of(model, image, texts, 1);
    List<GradCam.Layer> all = GradCam.of(model, image, texts, 0);

    for (int i = 0; i < all.size(); i++) {
      Tensor patches = all.get(i).relevance();
      assertEquals("[2, 7]", patches.shape().toString());
      assertArrayEquals(behind.get(i).relevance().toFloats(), patches.narrow(1, 1, N).toFloats());
      assertArrayEquals(
          behind.get(i).wordRelevance().toFloats(),
          all.get(i).wordRelevance().narrow(2, 1, N).toFloats());
    }
  }

  /** Over pairs of heads, one of each attention. */
  private static float[] loops(float[] words, float[] maps, float[] gradients) {
    float[] expected = new float[B * T * N];
    for (int b = 0; b < B; b++) {
      for (int t = 0; t < T; t++) {
        for (int n = 0; n < N; n++) {
          double sum = 0;
          for (int q = 0; q < Q; q++) {
            for (int reading = 0; reading < H; reading++) {
              for (int looking = 0; looking < H; looking++) {
                double word = words[((b * H + reading) * (Q + T) + Q + t) * (Q + T) + q];
                int at = ((b * H + looking) * Q + q) * (N + 1) + 1 + n;
                sum += gradients[at] > 0 ? word * maps[at] * gradients[at] : 0;
              }
            }
          }
          expected[(b * T + t) * N + n] = (float) (sum / (H * H));
        }
      }
    }
    return expected;
  }

  private static double largest(float[] values) {
    double largest = 0;
    for (float value : values) {
      largest = Math.max(largest, Math.abs(value));
    }
    return largest;
  }

  private static final class Seen implements ForwardPass.Observer {
    private final Map<String, float[]> maps = new HashMap<>();
    private final Map<String, float[]> gradients = new HashMap<>();

    float[] map(String path, int layer) {
      return present(maps.get(String.format(Locale.ROOT, path, layer)));
    }

    float[] gradient(String path, int layer) {
      return present(gradients.get(String.format(Locale.ROOT, path, layer)));
    }

    private static float[] present(float @Nullable [] values) {
      assertNotNull(values);
      return values;
    }

    @Override
    public boolean wantsAttention() {
      return true;
    }

    @Override
    public void attention(String path, Tensor weights) {
      maps.put(path, weights.detach().toFloats());
    }

    @Override
    public boolean wantsAttentionGradient() {
      return true;
    }

    @Override
    public void attentionGradient(String path, Tensor gradient) {
      gradients.put(path, gradient.toFloats());
    }
  }
}
