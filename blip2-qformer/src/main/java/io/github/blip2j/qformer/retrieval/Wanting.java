package io.github.blip2j.qformer.retrieval;

import java.util.List;

/**
 * For each image, the texts that have it as a candidate, with its place among their candidates; the
 * lists are stored one after the other.
 */
final class Wanting {
  private final int[] begins; // start of each image's list, and the end of the last
  private final int[] texts;
  private final int[] places;

  private Wanting(int[] begins, int[] texts, int[] places) {
    this.begins = begins;
    this.texts = texts;
    this.places = places;
  }

  static Wanting of(List<Candidates> imagesOf, int images) {
    int[] begins = new int[images + 1];
    for (Candidates found : imagesOf) {
      for (int place = 0; place < found.size(); place++) {
        begins[found.id(place) + 1]++;
      }
    }
    for (int image = 0; image < images; image++) {
      begins[image + 1] += begins[image];
    }
    int[] next = begins.clone();
    int[] texts = new int[begins[images]];
    int[] places = new int[begins[images]];
    for (int text = 0; text < imagesOf.size(); text++) {
      Candidates found = imagesOf.get(text);
      for (int place = 0; place < found.size(); place++) {
        int at = next[found.id(place)]++;
        texts[at] = text;
        places[at] = place;
      }
    }
    return new Wanting(begins, texts, places);
  }

  int begin(int image) {
    return begins[image];
  }

  int end(int image) {
    return begins[image + 1];
  }

  int text(int at) {
    return texts[at];
  }

  int place(int at) {
    return places[at];
  }
}
