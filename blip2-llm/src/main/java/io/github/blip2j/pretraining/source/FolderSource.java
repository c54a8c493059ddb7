package io.github.blip2j.pretraining.source;

import io.github.blip2j.data.CaptionRecord;
import io.github.blip2j.data.DataException;
import io.github.blip2j.data.EpochOrder;
import io.github.blip2j.io.file.PathName;
import io.github.blip2j.pretraining.features.ImageList;
import io.github.blip2j.vision.image.Image;
import io.github.blip2j.vision.image.ImageProcessor;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.InvalidPathException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** Records in memory, and the folder with their images. */
public final class FolderSource implements CaptionSource {
  private static final int SHOWN = 3;

  private final List<CaptionRecord> records;
  private final Path images;
  private final int missing;
  private final boolean identified;

  private FolderSource(List<CaptionRecord> records, Path images, int missing) {
    this.records = List.copyOf(records);
    this.images = images;
    this.missing = missing;
    this.identified = this.records.stream().allMatch(each -> each.imageId() != null);
  }

  /**
   * The records whose images are in a folder.
   *
   * @param skips whether missing images are left out
   * @throws DataException naming missing images, if they are not left out or there are no others
   */
  public static FolderSource of(List<CaptionRecord> records, Path images, boolean skips)
      throws DataException {
    List<CaptionRecord> present = new ArrayList<>();
    List<CaptionRecord> missing = new ArrayList<>();
    for (CaptionRecord each : records) {
      (isFile(images, each.image()) ? present : missing).add(each);
    }
    if (!missing.isEmpty() && (!skips || present.isEmpty())) {
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
    return new FolderSource(distinct(present), images, missing.size());
  }

  /** Makes ids differ that are those of different images, as numbers of two data sets may be. */
  private static List<CaptionRecord> distinct(List<CaptionRecord> records) {
    Map<String, String> images = new HashMap<>();
    List<CaptionRecord> distinct = new ArrayList<>();
    for (CaptionRecord each : records) {
      @Nullable String id = each.imageId();
      @Nullable String first = id == null ? null : images.putIfAbsent(id, each.image());
      boolean same = first == null || first.equals(each.image());
      distinct.add(same ? each : each.withImageId(id + " " + each.image()));
    }
    return distinct;
  }

  @Override
  public ImageList images() {
    Map<String, Path> files = new LinkedHashMap<>();
    for (CaptionRecord each : records) {
      files.putIfAbsent(each.image(), PathName.listed(images, each.image()));
    }
    return ImageList.of(files);
  }

  private static boolean isFile(Path images, String image) {
    try {
      return Files.isRegularFile(PathName.listed(images, image));
    } catch (InvalidPathException e) { // no file system has such a name
      return false;
    }
  }

  @Override
  public int size() {
    return records.size();
  }

  @Override
  public int[] order(long seed, int epoch) {
    return EpochOrder.of(records.size(), seed, epoch);
  }

  @Override
  public List<CaptionRecord> listed() {
    return records;
  }

  @Override
  public boolean hasImageIds() {
    return identified;
  }

  @Override
  public int missing() {
    return missing;
  }

  @Override
  public String name(int index) {
    return records.get(index).image();
  }

  @Override
  public Opened open(int index) {
    CaptionRecord each = records.get(index);
    return new Opened() {
      @Override
      public CaptionRecord record() {
        return each;
      }

      @Override
      public Image image(ImageProcessor processor) throws IOException {
        return processor.read(PathName.listed(images, each.image()));
      }
    };
  }
}
