package io.github.blip2j.vision.image.webp.container;

/** Tables of numbers, written as in the specification. */
public final class NumberTable {
  private NumberTable() {}

  /** The numbers in {@code text}, separated by white space. */
  public static int[] parse(String text) {
    String[] words = text.strip().split("\\s+", -1);
    int[] numbers = new int[words.length];
    for (int i = 0; i < numbers.length; i++) {
      numbers[i] = Integer.parseInt(words[i]);
    }
    return numbers;
  }
}
