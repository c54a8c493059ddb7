package io.github.blip2j.search;

import java.util.List;

/**
 * Photos that are alike.
 *
 * @param photos two or more, by path
 * @param similarity the least of those that joined them; 1 if all have the same content
 */
public record PhotoGroup(List<Photo> photos, double similarity) {
  /** Copies the list. */
  public PhotoGroup {
    photos = List.copyOf(photos);
  }
}
