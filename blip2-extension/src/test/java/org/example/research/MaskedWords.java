package org.example.research;

import static java.util.Objects.requireNonNull;

import io.github.blip2j.nn.ForwardPass;
import io.github.blip2j.nn.TokenLoss;
import io.github.blip2j.pretraining.CaptionBatch;
import io.github.blip2j.pretraining.StageOnePass;
import io.github.blip2j.pretraining.StageOneTraining;
import io.github.blip2j.qformer.Blip2Qformer;
import io.github.blip2j.qformer.TextBatch;
import io.github.blip2j.tensor.Tensor;
import io.github.blip2j.training.Losses;
import io.github.blip2j.training.Objective;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;

/** The first stage, and words that are predicted from the image and the words around them. */
record MaskedWords(StageOneTraining stageOne, Blip2Qformer qformer, int maskId, double weight)
    implements Objective<CaptionBatch> {
  @Override
  public Losses losses(CaptionBatch batch, ForwardPass pass) {
    StageOnePass first = stageOne.forward(batch, pass);
    int T = first.texts().length();
    List<int[]> masked = new ArrayList<>();
    long[] words = new long[first.texts().size() * T];
    Arrays.fill(words, TokenLoss.IGNORED);
    for (int b = 0; b < first.texts().size(); b++) {
      int[] ids = first.texts().text(b);
      int t = 1 + first.random().nextInt(ids.length - 2); // no [CLS], no [SEP]
      words[b * T + t] = ids[t];
      ids[t] = maskId;
      masked.add(ids);
    }
    var images = first.output().states().imageKeyValues();
    var texts = TextBatch.of(masked, first.padId(), T);
    Tensor hidden = requireNonNull(qformer.encodeJoint(images, texts, pass).text()); // [B, T, C]
    Tensor labels = Tensor.of(words, masked.size(), T);
    Tensor loss = qformer.captionHead().loss(hidden, labels, TokenLoss.ofSameToken());
    return first.losses().plus("mlm", loss, weight);
  }
}
