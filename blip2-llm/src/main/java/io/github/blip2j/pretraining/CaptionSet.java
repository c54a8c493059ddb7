package io.github.blip2j.pretraining;

import io.github.blip2j.data.CaptionFile;
import io.github.blip2j.data.CaptionRecord;
import io.github.blip2j.data.DataException;
import io.github.blip2j.io.file.PathName;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.InvalidPathException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;

/**
 * A set of captions, and the folder with their images. Captions are in memory, images are not.
 *
 * <p>Missing images are found at once, damaged ones when their batch is read.
 */
public final class CaptionSet {
  private static final int SHOWN = 3;

  /** The treatment of images that are missing or damaged. */
  public enum Faulty {
    /** Refuse them, and name them. */
    REFUSE,
    /** Leave them out, and count them. */
    SKIP
  }

  private final List<CaptionRecord> records;
  private final Path images;
  private final Faulty faulty;
  private final int missing;

  private CaptionSet(List<CaptionRecord> records, Path images, Faulty faulty, int missing) {
    this.records = List.copyOf(records);
    this.images = images;
    this.faulty = faulty;
    this.missing = missing;
  }

  /**
   * Reads the captions of several files in their order; see {@link CaptionFile}.
   *
   * @param images the folder to which paths of images are relative
   * @throws DataException if a record is malformed, or images are missing and are not to be skipped
   */
  public static CaptionSet open(List<Path> files, Path images, Faulty faulty) throws IOException {
    List<CaptionRecord> present = new ArrayList<>();
    List<CaptionRecord> missing = new ArrayList<>();
    for (CaptionRecord each : CaptionFile.readAll(files)) {
      (isFile(images, each.image()) ? present : missing).add(each);
    }
    if (!missing.isEmpty() && (faulty == Faulty.REFUSE || present.isEmpty())) {
      List<String> names = missing.stream().map(CaptionRecord::image).toList();
      throw new DataException(
          String.format(
              Locale.ROOT,
              "%s: images expected for %d records, got none for %d (%s%s); %s",
              images,
              present.size() + missing.size(),
              missing.size(),
              String.join(", ", names.subList(0, Math.min(SHOWN, names.size()))),
              names.size() > SHOWN ? ", ..." : "",
              "check the folder, or skip such records (Faulty.SKIP, --skip-faulty)"));
    }
    return new CaptionSet(present, images, faulty, missing.size());
  }

  private static boolean isFile(Path images, String image) {
    try {
      return Files.isRegularFile(PathName.listed(images, image));
    } catch (InvalidPathException e) { // no file system has such a name
      return false;
    }
  }

  /** The number of records with an image. */
  public int size() {
    return records.size();
  }

  /** The number of records that were left out because their image is missing. */
  public int missing() {
    return missing;
  }

  /** Whether every record has an image id; if some have none, no id is used. */
  public boolean hasImageIds() {
    return records.stream().allMatch(each -> each.imageId() != null);
  }

  /** The files of all images, by their names in the records, in the order of the records. */
  public Map<String, Path> images() {
    Map<String, Path> all = new LinkedHashMap<>();
    records.forEach(each -> all.putIfAbsent(each.image(), file(each)));
    return all;
  }

  /** A record by its place. */
  CaptionRecord get(int index) {
    return records.get(index);
  }

  /** The file of a record's image. */
  Path file(CaptionRecord each) {
    return PathName.listed(images, each.image());
  }

  boolean skips() {
    return faulty == Faulty.SKIP;
  }
}
