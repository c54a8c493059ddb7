package io.github.blip2j.search.store;

import com.google.gson.stream.JsonReader;
import com.google.gson.stream.JsonWriter;
import io.github.blip2j.io.file.PathName;
import java.io.IOException;
import java.nio.file.Path;
import java.time.Instant;

/**
 * A file of an index.
 *
 * @param path absolute, as {@link PathName} spells it
 * @param bytes its length
 * @param modified its time, in nanoseconds since 1970
 * @param taken when the photo was taken, in milliseconds since 1970; {@link #UNKNOWN} if the file
 *     does not tell
 * @param sha256 of its content, 64 hexadecimal digits; files of equal content share a row
 * @param segment the segment of its vectors
 * @param row the row in it
 */
public record IndexedFile(
    String path, long bytes, long modified, long taken, String sha256, int segment, int row) {
  /** No time. */
  public static final long UNKNOWN = Long.MIN_VALUE;

  private static final long NANOS_IN_MILLI = 1_000_000;

  /** A file before its row is known. */
  public static IndexedFile unplaced(String path, long bytes, long modified) {
    return new IndexedFile(path, bytes, modified, UNKNOWN, "", -1, -1);
  }

  /** This file with what its content tells. */
  public IndexedFile withContent(String newSha256, long newTaken) {
    return new IndexedFile(path, bytes, modified, newTaken, newSha256, segment, row);
  }

  /** This file with its vectors in another place. */
  public IndexedFile in(int newSegment, int newRow) {
    return new IndexedFile(path, bytes, modified, taken, sha256, newSegment, newRow);
  }

  /** This file with the vectors, and the time, of another one of equal content. */
  public IndexedFile like(IndexedFile other) {
    return new IndexedFile(path, bytes, modified, other.taken, sha256, other.segment, other.row);
  }

  /** The path in the file system. */
  public Path file() {
    return PathName.listed(Path.of("/"), path);
  }

  /** When it was taken or, if the file does not tell, modified. */
  public Instant date() {
    return Instant.ofEpochMilli(taken == UNKNOWN ? modified / NANOS_IN_MILLI : taken);
  }

  void write(JsonWriter json) throws IOException {
    json.beginObject();
    json.name("path").value(path);
    json.name("bytes").value(bytes);
    json.name("modified").value(modified);
    if (taken != UNKNOWN) {
      json.name("taken").value(taken);
    }
    json.name("sha256").value(sha256);
    json.name("segment").value(segment);
    json.name("row").value(row);
    json.endObject();
  }

  static IndexedFile read(JsonReader json) throws IOException {
    String path = "";
    String sha256 = "";
    long bytes = -1;
    long modified = 0;
    long taken = UNKNOWN;
    int segment = -1;
    int row = -1;
    json.beginObject();
    while (json.hasNext()) {
      switch (json.nextName()) {
        case "path" -> path = json.nextString();
        case "bytes" -> bytes = json.nextLong();
        case "modified" -> modified = json.nextLong();
        case "taken" -> taken = json.nextLong();
        case "sha256" -> sha256 = json.nextString();
        case "segment" -> segment = json.nextInt();
        case "row" -> row = json.nextInt();
        default -> json.skipValue();
      }
    }
    json.endObject();
    return new IndexedFile(path, bytes, modified, taken, sha256, segment, row);
  }
}
