package io.github.blip2j.pretraining.source;

import io.github.blip2j.data.CaptionRecord;
import io.github.blip2j.data.shard.ShardSample;
import io.github.blip2j.data.shard.ShardSet;
import io.github.blip2j.pretraining.features.ImageList;
import io.github.blip2j.vision.image.Image;
import io.github.blip2j.vision.image.ImageProcessor;
import java.io.IOException;
import java.util.List;
import java.util.stream.IntStream;

/** Images and texts in shards. Every sample without an image id has one of its own. */
public final class ShardSource implements CaptionSource {
  private final ShardSet set;

  /** The samples of shards that are open. */
  public ShardSource(ShardSet set) {
    this.set = set;
  }

  /** The number of shards. */
  public int shards() {
    return set.shards();
  }

  /** From how many samples the next one is drawn. */
  public int buffer() {
    return set.buffer();
  }

  @Override
  public int size() {
    return set.size();
  }

  @Override
  public int[] order(long seed, int epoch) {
    return set.order(seed, epoch);
  }

  @Override
  public List<CaptionRecord> listed() {
    return List.of();
  }

  @Override
  public boolean hasImageIds() {
    return true;
  }

  @Override
  public int missing() {
    return set.unpaired();
  }

  @Override
  public ImageList images() {
    List<String> names = IntStream.range(0, size()).mapToObj(this::name).toList();
    return new ImageList() {
      @Override
      public List<String> names() {
        return names;
      }

      @Override
      public long bytes(int index) {
        return set.imageBytes(index);
      }

      @Override
      public Image read(int index, ImageProcessor processor) throws IOException {
        return processor.decode(set.read(index).image(), set.name(index));
      }
    };
  }

  @Override
  public String name(int index) {
    return set.name(index);
  }

  @Override
  public Opened open(int index) throws IOException {
    ShardSample sample = set.read(index);
    CaptionRecord record = sample.record().forTraining("shards", sample.name());
    return new Opened() {
      @Override
      public CaptionRecord record() {
        return record;
      }

      @Override
      public Image image(ImageProcessor processor) throws IOException {
        return processor.decode(sample.image(), sample.name());
      }
    };
  }
}
