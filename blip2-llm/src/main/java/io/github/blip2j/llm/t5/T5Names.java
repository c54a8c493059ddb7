package io.github.blip2j.llm.t5;

import io.github.blip2j.nn.KeyMap;
import java.util.ArrayList;
import java.util.List;

/** The tensor names of Hugging Face's T5. */
final class T5Names {
  private T5Names() {}

  static void add(KeyMap.Builder keys, T5Config text, String ours, String theirs) {
    KeyMap.requireDots(ours, theirs);
    // transformers ties these tables, and safetensors keeps any one of them. Tables that differ are
    // not tied. The encoder's own table is not used, because prompts are embedded before it.
    List<String> words =
        new ArrayList<>(
            List.of(
                theirs + "shared",
                theirs + "encoder.embed_tokens",
                theirs + "decoder.embed_tokens"));
    if (text.tiedHead()) {
      words.add(theirs + "lm_head");
    }
    keys.renameToAny(ours + "words", words.toArray(String[]::new))
        .rename(ours + "decoder.words", theirs + "decoder.embed_tokens")
        .rename(ours + "head", theirs + "lm_head")
        .ignore(theirs + "encoder.embed_tokens.weight")
        // The first files of T5 have a bias that is not used.
        .ignore("*.EncDecAttention.relative_attention_bias.weight");
    addStack(keys, text, ours + "encoder.", theirs + "encoder.", false);
    addStack(keys, text, ours + "decoder.", theirs + "decoder.", true);
  }

  private static void addStack(
      KeyMap.Builder keys, T5Config text, String ours, String theirs, boolean decodes) {
    String block = theirs + "block.*.layer.";
    keys.rename(ours + "norm", theirs + "final_layer_norm");
    keys.rename(
        ours + "positions", theirs + "block.0.layer.0.SelfAttention.relative_attention_bias");
    addAttention(keys, ours + "layers.*.attention.", block + "0.", "SelfAttention.");
    if (decodes) {
      addAttention(keys, ours + "layers.*.contextAttention.", block + "1.", "EncDecAttention.");
    }
    addMlp(keys, ours + "layers.*.mlp.", block + (decodes ? "2." : "1."), text.gated());
  }

  private static void addAttention(
      KeyMap.Builder keys, String ours, String sublayer, String attention) {
    keys.rename(ours + "norm", sublayer + "layer_norm")
        .rename(ours + "query", sublayer + attention + "q")
        .rename(ours + "key", sublayer + attention + "k")
        .rename(ours + "value", sublayer + attention + "v")
        .rename(ours + "output", sublayer + attention + "o");
  }

  private static void addMlp(KeyMap.Builder keys, String ours, String sublayer, boolean gated) {
    String theirs = sublayer + "DenseReluDense.";
    keys.rename(ours + "norm", sublayer + "layer_norm")
        .rename(ours + "gate", theirs + "wi_0")
        .rename(ours + "up", theirs + (gated ? "wi_1" : "wi"))
        .rename(ours + "down", theirs + "wo");
  }
}
