package io.github.blip2j.vision;

import static io.github.blip2j.backend.Loops.activation;

import io.github.blip2j.nn.Attention;
import io.github.blip2j.nn.LoopAttention;
import io.github.blip2j.nn.Loops;
import java.util.HashMap;
import java.util.Map;

/** Vision transformers as plain loops in double, for square pictures of the trained size. */
final class LoopVision {
  private final VisionTransformerConfig config;
  private final int batch;
  private final int tokens;
  private final int dim;

  LoopVision(VisionTransformerConfig config, int batch) {
    this.config = config;
    this.batch = batch;
    this.tokens = (int) config.tokens(config.imageSize(), config.imageSize());
    this.dim = config.dim();
  }

  /** [B, 3, H, W] to [B, T, E], with the parameters of {@link VisionTransformer} by path. */
  double[] forward(Map<String, double[]> parameters, double[] pixels) {
    double[] x = embedded(parameters, pixels);
    if (config.kind() == VisionTransformerKind.CLIP) {
      x = norm(parameters, "inputNorm", x);
    }
    for (int i = 0; i < config.layers(); i++) {
      x = block(parameters, "layers." + i + ".", x);
    }
    return config.kind() == VisionTransformerKind.SIGLIP ? norm(parameters, "outputNorm", x) : x;
  }

  private double[] embedded(Map<String, double[]> parameters, double[] pixels) {
    double[] weight = Loops.of(parameters, "patches.weight");
    double[] positions = Loops.of(parameters, "positions");
    double[] bias = parameters.getOrDefault("patches.bias", new double[dim]);
    double[] token = parameters.getOrDefault("classToken", new double[0]);
    int before = token.length / dim;
    int patch = config.patchSize();
    int side = config.imageSize();
    double[] x = new double[batch * tokens * dim];
    for (int i = 0; i < x.length; i++) {
      int e = i % dim;
      int t = i / dim % tokens;
      x[i] = positions[t * dim + e] + (t < before ? token[e] : bias[e]);
      for (int j = 0; t >= before && j < 3 * patch * patch; j++) {
        int column = (t - before) % config.grid() * patch + j % patch;
        int row = (t - before) / config.grid() * patch + j / patch % patch;
        int plane = i / dim / tokens * 3 + j / patch / patch;
        x[i] += weight[e * 3 * patch * patch + j] * pixels[(plane * side + row) * side + column];
      }
    }
    return x;
  }

  private double[] block(Map<String, double[]> parameters, String path, double[] x) {
    double[] normed = norm(parameters, path + "attentionNorm", x);
    var sizes = Attention.Config.self(dim, config.heads());
    var attention = new LoopAttention(sizes, batch, tokens, tokens, LoopAttention.ALL);
    double[] attended =
        Loops.sum(x, attention.forward(under(parameters, path + "attention."), normed, normed));
    double[] up =
        Loops.linear(
            parameters, path + "mlp.up", norm(parameters, path + "mlpNorm", attended), dim);
    for (int i = 0; i < up.length; i++) {
      up[i] = activation(config.activation(), up[i]);
    }
    return Loops.sum(attended, Loops.linear(parameters, path + "mlp.down", up, config.mlpDim()));
  }

  private double[] norm(Map<String, double[]> parameters, String path, double[] x) {
    double[] gamma = Loops.of(parameters, path + ".weight");
    double[] beta = Loops.of(parameters, path + ".bias");
    double[] y = new double[x.length];
    for (int row = 0; row < x.length; row += dim) {
      double mean = 0;
      double variance = 0;
      for (int e = 0; e < dim; e++) {
        mean += x[row + e] / dim;
      }
      for (int e = 0; e < dim; e++) {
        variance += (x[row + e] - mean) * (x[row + e] - mean) / dim;
      }
      double scale = 1 / Math.sqrt(variance + config.normEps());
      for (int e = 0; e < dim; e++) {
        y[row + e] = (x[row + e] - mean) * scale * gamma[e] + beta[e];
      }
    }
    return y;
  }

  private static Map<String, double[]> under(Map<String, double[]> parameters, String prefix) {
    Map<String, double[]> below = new HashMap<>();
    parameters.forEach(
        (path, values) -> {
          if (path.startsWith(prefix)) {
            below.put(path.substring(prefix.length()), values);
          }
        });
    return below;
  }
}
