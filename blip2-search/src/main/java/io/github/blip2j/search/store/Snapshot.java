package io.github.blip2j.search.store;

import java.util.List;
import java.util.Map;
import java.util.stream.Collectors;
import java.util.stream.IntStream;

/**
 * An index at one moment: its rows are those of all segments one after the other, and each has the
 * files of its content. Rows without files are of removed ones. Immutable and safe for many
 * threads.
 */
public final class Snapshot {
  private final Catalog catalog;
  private final List<Segment> segments;
  private final int[] firstRow; // of each segment, and behind the last
  private final int[] begin; // of each row's files in the list, and behind the last
  private final int[] fileOf;

  Snapshot(Catalog catalog, List<Segment> segments) {
    this.catalog = catalog;
    this.segments = List.copyOf(segments);
    this.firstRow = new int[segments.size() + 1];
    for (int i = 0; i < segments.size(); i++) {
      firstRow[i + 1] = Math.addExact(firstRow[i], segments.get(i).rows());
    }
    Map<Integer, Integer> first =
        IntStream.range(0, segments.size())
            .boxed()
            .collect(Collectors.toMap(i -> segments.get(i).number(), i -> firstRow[i]));
    List<IndexedFile> files = catalog.files();
    int[] rowOf =
        files.stream()
            .mapToInt(file -> first.getOrDefault(file.segment(), 0) + file.row())
            .toArray();
    this.begin = new int[rows() + 1];
    for (int row : rowOf) {
      begin[row + 1]++;
    }
    for (int row = 0; row < rows(); row++) {
      begin[row + 1] += begin[row];
    }
    this.fileOf = new int[files.size()];
    int[] next = begin.clone();
    for (int file = 0; file < rowOf.length; file++) {
      fileOf[next[rowOf[file]]++] = file;
    }
  }

  /** The catalog. */
  public Catalog catalog() {
    return catalog;
  }

  /** The segments, in the order of their rows. */
  public List<Segment> segments() {
    return segments;
  }

  /** The first row of a segment. */
  public int firstRow(int segment) {
    return firstRow[segment];
  }

  /** The number of rows, those without files among them. */
  public int rows() {
    return firstRow[segments.size()];
  }

  /** The files with the content of a row. */
  public List<IndexedFile> files(int row) {
    return IntStream.range(begin[row], begin[row + 1])
        .mapToObj(i -> catalog.files().get(fileOf[i]))
        .toList();
  }

  /** Whether files have the content of a row. */
  public boolean isUsed(int row) {
    return begin[row + 1] > begin[row];
  }

  /** The SHA-256 of the content of a row with files, as {@link IndexedFile} spells it. */
  public String sha256(int row) {
    if (!isUsed(row)) {
      throw new IllegalArgumentException("index: row with files expected, got " + row);
    }
    return catalog.files().get(fileOf[begin[row]]).sha256();
  }

  /** Reads the float32 vectors of a row, [Q P]. */
  public void read(int row, float[] vectors) {
    int segment = 0;
    while (firstRow[segment + 1] <= row) {
      segment++;
    }
    segments.get(segment).read(row - firstRow[segment], vectors);
  }
}
