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
import java.util.List;
import java.util.Locale;

/**
 * Captions and the folder with their pictures. Captions are held in memory, pictures are not.
 *
 * <p>Whether every picture is there is found out at once; whether it can be read, when its turn
 * comes.
 */
public final class CaptionSet {
  private static final int SHOWN = 3;

  /** What to do about pictures that are not there or are damaged. */
  public enum Faulty {
    /** Stop and name them. */
    REFUSE,
    /** Train without them, and count them. */
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
   * Reads the captions in several files, one behind the other; see {@link CaptionFile}.
   *
   * @param images the folder that paths of pictures start from
   * @throws DataException if a record isn't one, or pictures are missing and shall not be skipped
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
              "%s: pictures expected of %d records, got none of %d (%s%s); %s",
              images,
              present.size() + missing.size(),
              missing.size(),
              String.join(", ", names.subList(0, Math.min(SHOWN, names.size()))),
              names.size() > SHOWN ? ", ..." : "",
              "check the folder, or have them skipped"));
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

  /** How many records have a picture. */
  public int size() {
    return records.size();
  }

  /** How many records were left out, for their picture is not there. */
  public int missing() {
    return missing;
  }

  /** Whether every record tells which picture it shows; where some don't, no id is used. */
  public boolean hasImageIds() {
    return records.stream().allMatch(each -> each.imageId() != null);
  }

  /** A record by its place. */
  CaptionRecord get(int index) {
    return records.get(index);
  }

  /** Where a record's picture lies. */
  Path file(CaptionRecord each) {
    return PathName.listed(images, each.image());
  }

  boolean skips() {
    return faulty == Faulty.SKIP;
  }
}
