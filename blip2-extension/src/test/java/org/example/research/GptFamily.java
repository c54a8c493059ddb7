package org.example.research;

import io.github.blip2j.io.file.CheckpointException;
import io.github.blip2j.io.file.ConfigJson;
import io.github.blip2j.llm.DecoderModel;
import io.github.blip2j.llm.LanguageConfig;
import io.github.blip2j.llm.LanguageFamily;
import io.github.blip2j.llm.LanguageModel;
import io.github.blip2j.llm.PackedSequences;
import io.github.blip2j.llm.TokenTable;
import io.github.blip2j.nn.Attention;
import io.github.blip2j.nn.AttentionOptions;
import io.github.blip2j.nn.Embedding;
import io.github.blip2j.nn.ForwardPass;
import io.github.blip2j.nn.KeyMap;
import io.github.blip2j.nn.KeyValueCache;
import io.github.blip2j.nn.LayerNorm;
import io.github.blip2j.nn.Mask;
import io.github.blip2j.nn.Mlp;
import io.github.blip2j.nn.Module;
import io.github.blip2j.nn.Params;
import io.github.blip2j.tensor.Tensor;
import io.github.blip2j.tensor.types.Activation;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/** A small decoder of GPT-2's kind (Radford et al. 2019). */
public final class GptFamily implements LanguageFamily {
  @Override
  public String name() {
    return "GPT";
  }

  @Override
  public Set<String> modelTypes() {
    return Set.of("tiny_gpt");
  }

  @Override
  public LanguageConfig config(ConfigJson json) throws CheckpointException {
    return new Config(
        json.intAt("n_embd"),
        json.intAt("n_layer"),
        json.intAt("n_head"),
        json.intAt("vocab_size"),
        json.intAt("n_positions"),
        json.intAt("bos_token_id"));
  }

  @Override
  public String landmark() {
    return "h.0.mlp.up.weight";
  }

  record Config(int dim, int layers, int heads, int vocabSize, int maxPositions, int beginId)
      implements LanguageConfig {
    @Override
    public LanguageFamily family() {
      return new GptFamily();
    }

    @Override
    public int embeddingDim() {
      return dim;
    }

    @Override
    public List<Integer> endIds() {
      return List.of(beginId);
    }

    @Override
    public int padId() {
      return beginId;
    }

    @Override
    public LanguageModel build(Params params) {
      return new Model(this, params);
    }

    @Override
    public void addNames(KeyMap.Builder keys, String ours, String theirs) {
      String layer = theirs + "model.h.*.";
      keys.rename(ours + "words", theirs + "model.wte")
          .rename(ours + "positions", theirs + "model.wpe")
          .rename(ours + "norm", theirs + "model.ln_f")
          .rename(ours + "layers.*.attentionNorm", layer + "ln_1")
          .rename(ours + "layers.*.attention", layer + "attn")
          .rename(ours + "layers.*.mlpNorm", layer + "ln_2")
          .rename(ours + "layers.*.mlp", layer + "mlp");
    }
  }

  private static final class Layer extends Module {
    private final LayerNorm attentionNorm;
    private final Attention attention;
    private final LayerNorm mlpNorm;
    private final Mlp mlp;

    Layer(Config config, Params params) {
      super(params);
      int C = config.dim;
      attentionNorm = new LayerNorm(C, 1e-5, params.at("attentionNorm"));
      attention = Attention.of(Attention.Config.self(C, config.heads), params.at("attention"));
      mlpNorm = new LayerNorm(C, 1e-5, params.at("mlpNorm"));
      mlp = new Mlp(C, 4 * C, Activation.GELU_TANH, params.at("mlp"));
    }

    Tensor forward(Tensor x, KeyValueCache.@Nullable Layer cache, Mask mask, ForwardPass pass) {
      AttentionOptions how = AttentionOptions.of(pass);
      Tensor mixed = attention.attend(attentionNorm.forward(x), cache, mask, how);
      Tensor attended = attention.project(mixed, x);
      return mlp.forward(mlpNorm.forward(attended), attended);
    }
  }

  static final class Model extends Module implements DecoderModel {
    private final Config config;
    private final TokenTable tokens;
    private final Embedding positions;
    private final List<Layer> layers = new ArrayList<>();
    private final LayerNorm norm;

    Model(Config config, Params params) {
      super(params);
      this.config = config;
      tokens = new TokenTable(config.vocabSize, config.dim, true, params);
      positions = new Embedding(config.maxPositions, config.dim, params.at("positions"));
      for (int i = 0; i < config.layers; i++) {
        layers.add(new Layer(config, params.at("layers").at(i)));
      }
      norm = new LayerNorm(config.dim, 1e-5, params.at("norm"));
    }

    @Override
    public int dim() {
      return config.dim;
    }

    @Override
    public int vocabSize() {
      return config.vocabSize;
    }

    @Override
    public int maxPositions() {
      return config.maxPositions;
    }

    @Override
    public int roomAfter(int promptLength) {
      return config.maxPositions - promptLength + 1;
    }

    @Override
    public Tensor embed(Tensor ids) {
      return tokens.embed(ids);
    }

    @Override
    public Tensor forward(Tensor x, int[][] mask, @Nullable KeyValueCache cache, ForwardPass pass) {
      int T = (int) x.dim(1);
      int S = mask[0].length;
      long[][] at = new long[mask.length][T];
      for (int r = 0; r < mask.length; r++) {
        long seen = 0;
        for (int s = 0; s < S; s++) {
          seen += mask[r][s];
          if (s >= S - T) {
            at[r][s - S + T] = Math.max(0, seen - 1);
          }
        }
      }
      return forward(x, at, Mask.causal(T, S).and(Mask.padding(mask)), cache, pass);
    }

    @Override
    public Tensor forward(Tensor x, PackedSequences texts, KeyValueCache cache) {
      return forward(x, texts.positions(), texts.visible(), cache, ForwardPass.evaluation());
    }

    private Tensor forward(
        Tensor x, long[][] at, Mask mask, @Nullable KeyValueCache cache, ForwardPass pass) {
      long[] flat = new long[at.length * at[0].length];
      for (int i = 0; i < flat.length; i++) {
        flat[i] = at[i / at[0].length][i % at[0].length];
      }
      Tensor h = x.add(positions.forward(Tensor.of(flat, at.length, at[0].length)));
      for (int i = 0; i < layers.size(); i++) {
        h = layers.get(i).forward(h, cache == null ? null : cache.layer(i), mask, pass);
      }
      return norm.forward(h);
    }

    @Override
    public Tensor logits(Tensor hidden) {
      return tokens.logits(hidden);
    }

    @Override
    public KeyValueCache cache(int room) {
      return new KeyValueCache(config.layers, room);
    }
  }
}
