package io.github.blip2j.llm.t5;

import io.github.blip2j.nn.KeyValueCache;
import io.github.blip2j.nn.KeyValues;
import io.github.blip2j.nn.Mask;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.stream.IntStream;

/**
 * The encoded prompts of one run, and which row of the decoder reads which.
 *
 * <p>Keys and values of a prompt are computed once and stay where they are, however many beams read
 * them, as long as every prompt has equally many rows and they follow each other. Otherwise each
 * row gets a copy: samples of one prompt that end at different times make such rows.
 */
final class T5Prompts {
  private final KeyValueCache read;
  private int layers;
  private int[][] mask; // of each prompt held
  private int[] promptOf; // for each row, which of those

  /** Prompts with one row each, to be held in an empty cache. */
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

  /** Lets row i read what row {@code parents[i]} read. */
  void select(int[] parents) {
    int[] wanted = Arrays.stream(parents).map(parent -> promptOf[parent]).toArray();
    int[] prompts = Arrays.stream(wanted).distinct().toArray();
    int rowsEach = (wanted.length + prompts.length - 1) / prompts.length;
    int[] evenly = IntStream.range(0, wanted.length).map(row -> prompts[row / rowsEach]).toArray();
    boolean even = rowsEach * prompts.length == wanted.length && Arrays.equals(evenly, wanted);
    keep(even ? prompts : wanted);
    promptOf = IntStream.range(0, wanted.length).map(row -> even ? row / rowsEach : row).toArray();
  }

  /** What the decoder's layers read. */
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
