package io.github.blip2j.llm;

import io.github.blip2j.autograd.GradMode;
import io.github.blip2j.backend.Backend;
import io.github.blip2j.nn.ForwardPass;
import io.github.blip2j.nn.KeyValueCache;
import io.github.blip2j.tensor.Scope;
import io.github.blip2j.tensor.Tensor;
import java.util.ArrayList;
import java.util.List;

/**
 * Scores texts after prompts that a decoder has encoded.
 *
 * <p>Texts are packed after the cache of their prompt, in {@link PackedSequences one long row}. So
 * the prompt's keys and values are neither computed nor copied for each of them, no text is padded
 * to the length of another, and a few short answers cost one pass.
 */
final class PackedSequenceScorer implements SequenceScorer {
  private static final int READ = 512; // tokens at once, over all prompts

  private final DecoderModel model;
  private final Backend backend;
  private final int[][] mask;
  private final KeyValueCache cache;
  private final float[][] first; // log-probabilities of what follows each prompt, [B][V]

  PackedSequenceScorer(DecoderModel model, Tensor prompt, int[][] mask) {
    this.model = model;
    this.backend = prompt.backend();
    this.mask = mask;
    int P = Math.toIntExact(prompt.dim(1));
    this.cache = model.cache(P + READ / mask.length);
    try (var off = GradMode.noGrad();
        var scope = Scope.open(backend)) {
      Tensor hidden = model.forward(prompt, mask, cache, ForwardPass.evaluation()); // [B, P, L]
      Tensor after = model.logits(hidden.select(1, P - 1).copy()).logSoftmax(); // [B, V]
      this.first = after.toFloatRows();
    }
  }

  @Override
  public List<List<float[]>> of(List<List<int[]>> texts) {
    SequenceScorer.require(mask.length, texts, model.vocabSize());
    List<List<float[]>> found = new ArrayList<>();
    for (int b = 0; b < mask.length; b++) {
      List<float[]> ofRow = new ArrayList<>();
      for (int[] text : texts.get(b)) {
        float[] logs = new float[text.length];
        logs[0] = first[b][text[0]];
        ofRow.add(logs);
      }
      found.add(ofRow);
    }
    int[] done = new int[mask.length];
    while (remains(done, texts)) {
      read(nextRows(done, texts, found));
    }
    return found;
  }

  private static boolean remains(int[] done, List<List<int[]>> texts) {
    for (int b = 0; b < done.length; b++) {
      if (done[b] < texts.get(b).size()) {
        return true;
      }
    }
    return false;
  }

  /** The texts of each row in the next pass, at least one while there are any. */
  private PackedSequences nextRows(int[] done, List<List<int[]>> texts, List<List<float[]>> found) {
    int most = Math.max(1, READ / mask.length);
    var rows = new PackedSequences(mask);
    for (int b = 0; b < mask.length; b++) {
      int from = done[b];
      while (done[b] < texts.get(b).size()) {
        int[] text = texts.get(b).get(done[b]);
        if (done[b] > from && rows.length(b) + text.length - 1 > most) {
          break;
        }
        rows.add(b, text, found.get(b).get(done[b]));
        done[b]++;
      }
    }
    return rows;
  }

  private void read(PackedSequences rows) {
    if (rows.length() == 0) {
      return; // texts of one token each follow the prompt itself
    }
    int P = cache.length();
    try (var off = GradMode.noGrad();
        var scope = Scope.open(backend)) {
      Tensor x = model.embed(rows.ids()); // [B, T, L]
      Tensor hidden = model.forward(x, rows, cache); // [B, T, L]
      Tensor flat = hidden.reshape(hidden.dim(0) * hidden.dim(1), hidden.dim(2)); // [B T, L]
      rows.found(TokenLogProbabilities.of(flat, rows.places(), rows.next(), model::logits));
    } finally {
      cache.shorten(P);
    }
  }
}
