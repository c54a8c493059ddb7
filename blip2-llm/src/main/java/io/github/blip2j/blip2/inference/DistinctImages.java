package io.github.blip2j.blip2.inference;

import io.github.blip2j.vision.image.Image;
import java.util.ArrayList;
import java.util.IdentityHashMap;
import java.util.List;
import java.util.stream.IntStream;

/** Images of which the same object may occur several times, to be encoded once. */
final class DistinctImages {
  private final List<Image> distinct;
  private final int[] numbers;

  private DistinctImages(List<Image> distinct, int[] numbers) {
    this.distinct = distinct;
    this.numbers = numbers;
  }

  /** Numbers images in the order of their first occurrence. */
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

  /** The number of distinct images. */
  int count() {
    return distinct.size();
  }

  /** Whether no image occurs twice. */
  boolean isOnceEach() {
    return distinct.size() == numbers.length;
  }

  /** At most {@code most} distinct images from number {@code number} on. */
  List<Image> from(int number, int most) {
    return distinct.subList(number, Math.min(number + most, distinct.size()));
  }

  /** The number of the image at a place. */
  int numberAt(int place) {
    return numbers[place];
  }

  /** The number at every place. */
  int[] numbers() {
    return numbers.clone();
  }

  /** The places of {@link #from}'s images, in order. */
  int[] placesOf(int number, int most) {
    return IntStream.range(0, numbers.length)
        .filter(place -> numbers[place] >= number && numbers[place] < number + most)
        .toArray();
  }
}
