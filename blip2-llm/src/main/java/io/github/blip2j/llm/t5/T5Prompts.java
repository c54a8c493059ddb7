package io.github.blip2j.llm.t5;

import io.github.blip2j.nn.KeyValueCache;
import io.github.blip2j.nn.KeyValues;
import io.github.blip2j.nn.Mask;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.stream.IntStream;

/**
 * The encoded prompts of a decoding session, and the prompt of each decoder row.
 *
 * <p>Keys and values of a prompt are computed once and not copied, whatever the number of beams, as
 * long as every prompt has equally many consecutive rows. Otherwise each row gets a copy: samples
 * of one prompt that end at different times make such rows.
 */
final class T5Prompts {
  private final KeyValueCache read;
  private int layers;
  private int[][] mask; // of each prompt held
  private int[] promptOf; // for each row, the index of its prompt

  /** Prompts with one row each. */
  T5Prompts(KeyValueCache empty, int[][] mask) {
    this.read = empty;
    this.mask = mask;
    this.promptOf = numbers(mask.length);
  }

  /** Keeps the encoded prompts. */
  void hold(T5EncoderKeyValues context) {
    layers = context.layers().size();
    for (int i = 0; i < layers; i++) {
      KeyValues layer = context.layers().get(i);
      read.layer(i).append(layer.keys(), layer.values());
    }
  }

  /** Gives row i the prompt of row {@code beamIndices[i]}. */
  void select(int[] beamIndices) {
    int[] wanted = Arrays.stream(beamIndices).map(parent -> promptOf[parent]).toArray();
    int[] prompts = Arrays.stream(wanted).distinct().toArray();
    int rowsEach = (wanted.length + prompts.length - 1) / prompts.length;
    int[] evenly = IntStream.range(0, wanted.length).map(row -> prompts[row / rowsEach]).toArray();
    boolean even = rowsEach * prompts.length == wanted.length && Arrays.equals(evenly, wanted);
    keep(even ? prompts : wanted);
    promptOf = IntStream.range(0, wanted.length).map(row -> even ? row / rowsEach : row).toArray();
  }

  /** The cross-attention keys and values of the current rows. */
  T5EncoderKeyValues context() {
    Mask visible = Mask.padding(mask);
    List<KeyValues> held = new ArrayList<>();
    for (int i = 0; i < layers; i++) {
      held.add(new KeyValues(read.layer(i).keys(), read.layer(i).values(), visible));
    }
    return new T5EncoderKeyValues(held);
  }

  private void keep(int[] prompts) {
    if (!Arrays.equals(prompts, numbers(mask.length))) {
      int[][] before = mask;
      mask = Arrays.stream(prompts).mapToObj(prompt -> before[prompt]).toArray(int[][]::new);
      read.select(prompts);
    }
  }

  private static int[] numbers(int count) {
    return IntStream.range(0, count).toArray();
  }
}
