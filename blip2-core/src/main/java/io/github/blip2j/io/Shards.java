package io.github.blip2j.io;

import io.github.blip2j.io.Checkpoint.Place;
import io.github.blip2j.io.file.CheckpointException;
import io.github.blip2j.io.file.ConfigJson;
import io.github.blip2j.io.file.OpenResources;
import io.github.blip2j.io.file.ReadableFile;
import io.github.blip2j.io.tensor.TensorFile;
import java.io.IOException;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.NavigableMap;
import java.util.Set;
import java.util.SortedSet;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/**
 * The shards of a model and their index. The location of a tensor is looked up in the shards, not
 * in the index: transformers, too, opens every shard that the index names.
 */
final class Shards {
  private static final String WEIGHT_MAP = "weight_map";
  private static final Pattern NUMBERED =
      Pattern.compile("(model|pytorch_model)-(\\d{5,6})-of-(\\d{5,6})(\\.safetensors|\\.bin)");
  private static final int NAMES_IN_MESSAGE = 8;

  private final Path folder;
  private final String where; // for messages
  private final SortedSet<String> files;
  private final NavigableMap<String, String> told; // the file that should hold each tensor

  private Shards(
      Path folder, String where, SortedSet<String> files, NavigableMap<String, String> told) {
    this.folder = folder;
    this.where = where;
    this.files = files;
    this.told = told;
  }

  /**
   * The shards that an index names.
   *
   * @throws CheckpointException if the file is no index, or names files outside its folder
   */
  static Shards behind(Path folder, String index) throws IOException {
    ConfigJson weightMap = ConfigJson.read(folder.resolve(index)).child(WEIGHT_MAP);
    NavigableMap<String, String> told = new TreeMap<>();
    for (String tensor : weightMap.keys()) {
      String shard = weightMap.stringAt(tensor);
      if (!isPlainFileName(shard)) {
        throw new CheckpointException(
            String.format(
                Locale.ROOT,
                "%s: %s.%s expected a file name within the folder, got \"%s\"",
                index,
                WEIGHT_MAP,
                tensor,
                shard));
      }
      told.put(tensor, shard);
    }
    return new Shards(folder, index, new TreeSet<>(told.values()), told);
  }

  /**
   * The shards of a folder without an index, by their numbers, or null if there are none.
   * Safetensors shards take precedence.
   *
   * @throws CheckpointException if no set of shards is complete
   */
  static @Nullable Shards alone(Path folder) throws IOException {
    NavigableMap<String, SortedSet<String>> found = numbered(folder);
    @Nullable SortedSet<String> some = null;
    @Nullable List<String> missing = null;
    for (SortedSet<String> shards : found.values()) {
      List<String> lacking = missing(shards);
      if (lacking.isEmpty()) {
        return new Shards(folder, folder.toString(), shards, new TreeMap<>());
      }
      if (missing == null || lacking.size() < missing.size()) {
        missing = lacking;
        some = shards;
      }
    }
    if (some == null || missing == null) {
      return null;
    }
    throw new CheckpointException(
        String.format(
            Locale.ROOT,
            "%s: %d shards missing (%s) beside %s; copy the folder again",
            folder,
            missing.size(),
            abbreviate(missing),
            some.first()));
  }

  /** Whether a folder holds any shard of a model. */
  static boolean isIn(Path folder) throws IOException {
    return Files.isDirectory(folder) && !numbered(folder).isEmpty();
  }

  /** Opens every shard. */
  Checkpoint open() throws IOException {
    requireFiles();
    Map<String, TensorFile> shards = new TreeMap<>();
    try (var opened = new OpenResources()) {
      for (String name : files) {
        TensorFile file = TensorFiles.open(folder.resolve(name));
        opened.add(file::close);
        shards.put(name, file);
      }
      return opened.keep(Checkpoint.of(shards.values(), places(shards)));
    }
  }

  private void requireFiles() throws CheckpointException {
    List<String> missing =
        files.stream().filter(file -> !Files.isRegularFile(folder.resolve(file))).toList();
    if (!missing.isEmpty()) {
      throw new CheckpointException(
          String.format(
              Locale.ROOT,
              "%s: %d shards missing (%s); copy the folder again",
              folder,
              missing.size(),
              abbreviate(missing)));
    }
    if (files.isEmpty()) {
      throw new CheckpointException(where + ": shards expected, got none; copy the folder again");
    }
  }

  /** The location of each tensor. */
  private Map<String, Place> places(Map<String, TensorFile> opened) throws IOException {
    Map<String, Place> places = new HashMap<>();
    for (TensorFile file : opened.values()) {
      for (String name : file.tensors().keySet()) {
        var place = new Place(file, name);
        @Nullable Place other = places.putIfAbsent(name, place);
        if (other != null) {
          requireSame(other, place);
        }
      }
    }
    List<String> missing = new ArrayList<>();
    told.forEach(
        (name, file) -> {
          if (!places.containsKey(name)) {
            missing.add(name + " in " + file);
          }
        });
    if (!missing.isEmpty()) {
      throw new CheckpointException(
          String.format(
              Locale.ROOT,
              "%s: %d tensors missing from their shards (%s); copy the folder again",
              where,
              missing.size(),
              abbreviate(missing)));
    }
    return places;
  }

  /**
   * Rejects different tensors of one name: shards of two models may be mixed, and nothing tells
   * which tensor is right.
   */
  private void requireSame(Place one, Place other) throws IOException {
    if (!Checkpoint.sameBytes(one, other)) {
      throw new CheckpointException(
          String.format(
              Locale.ROOT,
              "%s: tensor %s expected to be the same in %s and %s, got different ones; %s",
              where,
              one.name(),
              one.file().name(),
              other.file().name(),
              "copy the folder again"));
    }
  }

  /** An index is untrusted: it must not refer to files outside the folder. */
  private static boolean isPlainFileName(String name) {
    boolean odd = name.chars().anyMatch(c -> c < ' ' || c == '/' || c == '\\' || c == ':');
    return !odd && !name.isBlank() && !name.equals(".") && !name.equals("..");
  }

  /** Numbered files, grouped by the rest of their names; safetensors sort first. */
  private static NavigableMap<String, SortedSet<String>> numbered(Path folder) throws IOException {
    NavigableMap<String, SortedSet<String>> found = new TreeMap<>();
    try (DirectoryStream<Path> files = Files.newDirectoryStream(folder, "*model-*-of-*")) {
      for (Path file : files) {
        String name = ReadableFile.nameOf(file);
        Matcher parts = NUMBERED.matcher(name);
        if (parts.matches()) {
          String kind = parts.group(4).equals(".bin") ? "2" : "1";
          found
              .computeIfAbsent(kind + parts.group(1) + parts.group(3), key -> new TreeSet<>())
              .add(name);
        }
      }
    }
    return found;
  }

  private static List<String> missing(SortedSet<String> shards) {
    Matcher parts = NUMBERED.matcher(shards.first());
    List<String> missing = new ArrayList<>();
    Set<String> there = new HashSet<>(shards);
    int count = parts.matches() ? Integer.parseInt(parts.group(3)) : 0;
    for (int i = 1; i <= count; i++) {
      String name =
          String.format(
              Locale.ROOT,
              "%s-%0" + parts.group(2).length() + "d-of-%s%s",
              parts.group(1),
              i,
              parts.group(3),
              parts.group(4));
      if (!there.contains(name)) {
        missing.add(name);
      }
    }
    return missing;
  }

  private static String abbreviate(List<String> names) {
    String shown = String.join(", ", names.subList(0, Math.min(NAMES_IN_MESSAGE, names.size())));
    return names.size() <= NAMES_IN_MESSAGE ? shown : shown + ", ...";
  }
}
