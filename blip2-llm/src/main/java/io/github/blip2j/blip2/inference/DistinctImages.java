package io.github.blip2j.blip2.inference;

import io.github.blip2j.vision.image.Image;
import java.util.ArrayList;
import java.util.IdentityHashMap;
import java.util.List;
import java.util.stream.IntStream;

/** Pictures of which the same object may come several times, to be looked at once. */
final class DistinctImages {
  private final List<Image> distinct;
  private final int[] numbers;

  private DistinctImages(List<Image> distinct, int[] numbers) {
    this.distinct = distinct;
    this.numbers = numbers;
  }

  /** Numbers pictures in the order of their first place. */
  static DistinctImages of(List<Image> images) {
    IdentityHashMap<Image, Integer> known = new IdentityHashMap<>();
    List<Image> distinct = new ArrayList<>();
    for (Image image : images) {
      if (known.putIfAbsent(image, distinct.size()) == null) {
        distinct.add(image);
      }
    }
    return new DistinctImages(distinct, images.stream().mapToInt(known::get).toArray());
  }

  /** How many there are. */
  int count() {
    return distinct.size();
  }

  /** Whether no image comes twice. */
  boolean isOnceEach() {
    return distinct.size() == numbers.length;
  }

  /** Those from a number on, so many at most. */
  List<Image> from(int number, int most) {
    return distinct.subList(number, Math.min(number + most, distinct.size()));
  }

  /** The number of the picture at a place. */
  int numberAt(int place) {
    return numbers[place];
  }

  /** The number at every place. */
  int[] numbers() {
    return numbers.clone();
  }

  /** The places of {@link #from}'s pictures, in order. */
  int[] placesOf(int number, int most) {
    return IntStream.range(0, numbers.length)
        .filter(place -> numbers[place] >= number && numbers[place] < number + most)
        .toArray();
  }
}
