package io.github.blip2j.llm;

import io.github.blip2j.autograd.GradMode;
import io.github.blip2j.nn.Pass;
import io.github.blip2j.tensor.Scope;
import io.github.blip2j.tensor.Tensor;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;

/**
 * How likely T5 writes texts about prompts that its encoder has read: the decoder is shown a text
 * and asked for its tokens at all places at once, each given those before it. A prompt's keys and
 * values stay where they are, however many texts are about it.
 */
final class T5Likelihoods implements Likelihoods {
  private static final int READ = 512; // tokens at once, over all prompts

  private final T5Model model;
  private final T5Prompts prompts;
  private final int size;

  T5Likelihoods(T5Model model, Tensor prompt, int[][] mask) {
    this.model = model;
    this.size = mask.length;
    this.prompts = new T5Prompts(model.cache(Math.toIntExact(prompt.dim(1))), mask);
    try (var off = GradMode.noGrad();
        var scope = Scope.open()) {
      prompts.hold(model.read(model.encode(prompt, mask, Pass.evaluation()), mask));
    }
  }

  @Override
  public List<List<float[]>> of(List<List<int[]>> texts) {
    Likelihoods.require(size, texts);
    List<List<float[]>> found = new ArrayList<>();
    for (List<int[]> ofPrompt : texts) {
      found.add(new ArrayList<>());
      ofPrompt.forEach(text -> found.get(found.size() - 1).add(new float[text.length]));
    }
    int most = texts.stream().mapToInt(List::size).max().orElse(0);
    for (int from = 0; from < most; ) {
      int count = 1;
      while (from + count < most && places(texts, from, count + 1) <= READ) {
        count++;
      }
      read(texts, from, count, found);
      from += count;
    }
    return found;
  }

  /** Places of a rectangle of so many texts of each prompt. */
  private int places(List<List<int[]>> texts, int from, int count) {
    return size * count * longest(texts, from, count);
  }

  private static int longest(List<List<int[]>> texts, int from, int count) {
    int longest = 1;
    for (List<int[]> row : texts) {
      for (int i = from; i < Math.min(from + count, row.size()); i++) {
        longest = Math.max(longest, row.get(i).length);
      }
    }
    return longest;
  }

  /** Reads so many texts of each prompt; where one has fewer, rows of the start token alone. */
  private void read(List<List<int[]>> texts, int from, int count, List<List<float[]>> found) {
    int T = longest(texts, from, count);
    int R = size * count;
    long[] ids = new long[R * T];
    int[][] mask = new int[R][T];
    int[] places = new int[R * T];
    long[] next = new long[R * T];
    int filled = 0;
    for (int r = 0; r < R; r++) {
      List<int[]> row = texts.get(r / count);
      int index = from + r % count;
      int[] text = index < row.size() ? row.get(index) : new int[0];
      ids[r * T] = model.config().startId();
      mask[r][0] = 1;
      for (int t = 0; t < text.length; t++) {
        mask[r][t] = 1;
        places[filled] = r * T + t;
        next[filled++] = text[t];
        if (t + 1 < text.length) {
          ids[r * T + t + 1] = text[t];
        }
      }
    }
    float[] logs = logs(ids, mask, Arrays.copyOf(places, filled), Arrays.copyOf(next, filled));
    int at = 0;
    for (int r = 0; r < R; r++) {
      int index = from + r % count;
      if (index < texts.get(r / count).size()) {
        float[] into = found.get(r / count).get(index);
        System.arraycopy(logs, at, into, 0, into.length);
        at += into.length;
      }
    }
  }

  private float[] logs(long[] ids, int[][] mask, int[] places, long[] next) {
    try (var off = GradMode.noGrad();
        var scope = Scope.open()) {
      Tensor x = model.embed(Tensor.of(ids, mask.length, mask[0].length)); // [R, T, L]
      Tensor hidden = model.decode(x, mask, prompts.context(), null, Pass.evaluation());
      Tensor flat = hidden.reshape(ids.length, hidden.dim(2)); // [R T, L]
      return TokenLogs.of(flat, places, next, model::logits);
    }
  }
}
