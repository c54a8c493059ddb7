package io.github.blip2j.blip2;

import io.github.blip2j.blip2.model.Blip2Model;
import io.github.blip2j.blip2.model.PromptBatch;
import io.github.blip2j.golden.Golden;
import io.github.blip2j.nn.ForwardPass;
import io.github.blip2j.nn.TokenLoss;
import io.github.blip2j.tensor.Tensor;
import io.github.blip2j.text.Side;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.stream.IntStream;

/** Texts and labels of a folder, where the image's places may be shown. */
record TrainingTexts(PromptBatch batch, List<int[]> labels) {
  static TrainingTexts of(Golden golden, Blip2Model model) {
    int[][] ids = rows(golden.get("train.input_ids"));
    int[][] mask = rows(golden.get("train.attention_mask"));
    int[][] labels = rows(golden.get("train.labels"));
    Integer image = model.config().imageTokenId();
    boolean shown = image != null && ids[0][0] == image;
    int from = shown ? model.config().queryTokens() : 0;
    List<int[]> texts = new ArrayList<>();
    List<int[]> targets = new ArrayList<>();
    for (int b = 0; b < ids.length; b++) {
      int[] counts = mask[b];
      int[] target = labels[b];
      int[] places = IntStream.range(from, counts.length).filter(t -> counts[t] == 1).toArray();
      texts.add(pick(ids[b], places));
      if (model.config().text().family().encodes()) {
        targets.add(Arrays.stream(target).filter(label -> label >= 0).toArray());
      } else {
        int[] own = pick(target, places);
        own[0] = shown ? own[0] : TokenLoss.IGNORED; // the reference shifts it away
        targets.add(own);
      }
    }
    int padId = model.config().text().padId();
    return new TrainingTexts(PromptBatch.of(texts, padId, Side.RIGHT), targets);
  }

  Tensor logits(Blip2Model model, Tensor prompt) {
    return model.config().text().family().encodes()
        ? model.logits(prompt, batch, answers(model), ForwardPass.evaluation())
        : model.logits(prompt, batch, ForwardPass.evaluation());
  }

  /** 1 where scores mean something. */
  int[][] counted(Blip2Model model) {
    return model.config().text().family().encodes()
        ? answers(model).mask(0)
        : batch.mask(model.config().queryTokens());
  }

  private PromptBatch answers(Blip2Model model) {
    return PromptBatch.ofAnswers(labels, model.config().text().padId());
  }

  private static int[] pick(int[] row, int[] places) {
    return Arrays.stream(places).map(t -> row[t]).toArray();
  }

  private static int[][] rows(Tensor ids) {
    int[][] rows = new int[Math.toIntExact(ids.dim(0))][];
    for (int b = 0; b < rows.length; b++) {
      rows[b] = Arrays.stream(ids.select(0, b).toLongs()).mapToInt(Math::toIntExact).toArray();
    }
    return rows;
  }
}
