package io.github.blip2j.search.store;

import com.google.gson.Strictness;
import com.google.gson.stream.JsonReader;
import com.google.gson.stream.JsonWriter;
import com.google.gson.stream.MalformedJsonException;
import io.github.blip2j.io.file.OutputFile;
import io.github.blip2j.io.file.UnwrittenFileException;
import java.io.BufferedReader;
import java.io.BufferedWriter;
import java.io.EOFException;
import java.io.IOException;
import java.io.InputStreamReader;
import java.io.Writer;
import java.nio.channels.Channels;
import java.nio.channels.ClosedChannelException;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Collection;
import java.util.Collections;
import java.util.List;
import java.util.Locale;
import java.util.NavigableMap;
import java.util.TreeMap;

/**
 * The list of an index's files and segments: what is not in it is not in the index. It is replaced
 * atomically, a line of JSON for the index and one for each file.
 *
 * @param model of all vectors
 * @param nextSegment a number that no segment has had, so that a reader of an old catalog never
 *     takes a new segment for an old one
 * @param segments the number of rows of each segment
 * @param files sorted by path
 */
public record Catalog(
    IndexModel model,
    int nextSegment,
    NavigableMap<Integer, Integer> segments,
    List<IndexedFile> files) {
  static final String NAME = "catalog.jsonl";

  private static final String FORMAT = "blip2-search";
  private static final int VERSION = 1;

  /** Copies the collections. */
  public Catalog {
    segments = Collections.unmodifiableNavigableMap(new TreeMap<>(segments));
    files = List.copyOf(files);
  }

  /** The catalog of an index without files. */
  public static Catalog empty(IndexModel model) {
    return new Catalog(model, 1, new TreeMap<>(), List.of());
  }

  /** This catalog with other files and segments. */
  public Catalog with(
      NavigableMap<Integer, Integer> newSegments, Collection<IndexedFile> newFiles) {
    int next = newSegments.isEmpty() ? nextSegment : newSegments.lastKey() + 1;
    return new Catalog(model, Math.max(nextSegment, next), newSegments, new ArrayList<>(newFiles));
  }

  /** Replaces the catalog of an index's folder. */
  void write(Path folder) throws IOException {
    Path target = folder.resolve(NAME);
    try (OutputFile file = OutputFile.create(target)) {
      try {
        Writer text =
            new BufferedWriter(Channels.newWriter(file.channel(), StandardCharsets.UTF_8), 1 << 16);
        var json = new JsonWriter(text);
        header(json);
        for (IndexedFile each : files) {
          json.flush();
          text.write('\n');
          json = new JsonWriter(text);
          each.write(json);
        }
        json.flush();
        text.write('\n');
        text.flush();
      } catch (ClosedChannelException e) {
        throw e;
      } catch (IOException e) {
        throw new UnwrittenFileException(target, e);
      }
      file.publish();
    }
  }

  private void header(JsonWriter json) throws IOException {
    json.beginObject();
    json.name("format").value(FORMAT);
    json.name("version").value(VERSION);
    json.name("model").value(model.name());
    json.name("digest").value(model.digest());
    json.name("queries").value(model.queries());
    json.name("width").value(model.width());
    json.name("files").value(files.size());
    json.name("next").value(nextSegment);
    json.name("segments").beginObject();
    for (var segment : segments.entrySet()) {
      json.name(segment.getKey().toString()).value(segment.getValue());
    }
    json.endObject();
    json.endObject();
  }

  /** Whether a folder holds a catalog. */
  public static boolean isIn(Path folder) {
    return Files.isRegularFile(folder.resolve(NAME));
  }

  /**
   * The catalog of an index's folder.
   *
   * @throws IndexException if it is of another version, damaged, or no catalog
   */
  static Catalog read(Path folder) throws IOException {
    Path file = folder.resolve(NAME);
    try (var text =
        new BufferedReader(
            new InputStreamReader(Files.newInputStream(file), StandardCharsets.UTF_8.newDecoder()),
            1 << 16)) {
      // Documents one after the other; each file is checked below.
      var json = new JsonReader(text);
      json.setStrictness(Strictness.LENIENT);
      Header header = Header.read(json, file);
      List<IndexedFile> files = new ArrayList<>(header.files);
      for (int i = 0; i < header.files; i++) {
        IndexedFile each = IndexedFile.read(json);
        Integer rows = header.segments.get(each.segment());
        if (rows == null || each.row() < 0 || each.row() >= rows || each.path().isEmpty()) {
          throw damaged(file, "a file without vectors in line " + (i + 2));
        }
        files.add(each);
      }
      return new Catalog(header.model, header.next, header.segments, files);
    } catch (EOFException
        | CharacterCodingException
        | MalformedJsonException
        | IllegalStateException
        | NumberFormatException e) {
      throw damaged(file, "other text (" + e.getMessage() + ")");
    }
  }

  private static IndexException damaged(Path file, String got) {
    return new IndexException(
        file
            + ": catalog of an index expected, got "
            + got
            + "; remove its folder and index again");
  }

  /** The first line. */
  private record Header(
      IndexModel model, int next, NavigableMap<Integer, Integer> segments, int files) {
    static Header read(JsonReader json, Path file) throws IOException {
      String format = "";
      int version = 0;
      String name = "";
      String digest = "";
      int queries = 0;
      int width = 0;
      int files = -1;
      int next = 1;
      var segments = new TreeMap<Integer, Integer>();
      json.beginObject();
      while (json.hasNext()) {
        switch (json.nextName()) {
          case "format" -> format = json.nextString();
          case "version" -> version = json.nextInt();
          case "model" -> name = json.nextString();
          case "digest" -> digest = json.nextString();
          case "queries" -> queries = json.nextInt();
          case "width" -> width = json.nextInt();
          case "files" -> files = json.nextInt();
          case "next" -> next = json.nextInt();
          case "segments" -> segments(json, segments);
          default -> json.skipValue();
        }
      }
      json.endObject();
      if (!format.equals(FORMAT)) {
        throw damaged(file, "something else");
      }
      if (version != VERSION) {
        throw new IndexException(
            String.format(
                Locale.ROOT,
                "%s: index of version %d expected, got version %d; take the version of blip2 that"
                    + " made it, or index again into another folder",
                file,
                VERSION,
                version));
      }
      if (files < 0) {
        throw damaged(file, "no number of files");
      }
      try {
        return new Header(new IndexModel(name, digest, queries, width), next, segments, files);
      } catch (IllegalArgumentException e) {
        throw damaged(file, "impossible sizes of vectors");
      }
    }

    private static void segments(JsonReader json, NavigableMap<Integer, Integer> segments)
        throws IOException {
      json.beginObject();
      while (json.hasNext()) {
        segments.put(Integer.parseInt(json.nextName()), json.nextInt());
      }
      json.endObject();
    }
  }
}
