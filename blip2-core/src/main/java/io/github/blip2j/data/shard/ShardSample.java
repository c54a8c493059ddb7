package io.github.blip2j.data.shard;

import io.github.blip2j.data.DataRecord;

/** A sample of a shard: its texts, and the bytes of its image file. */
public final class ShardSample {
  private final String name;
  private final DataRecord record;
  private final byte[] image;

  ShardSample(String name, DataRecord record, byte[] image) {
    this.name = name;
    this.record = record;
    this.image = image;
  }

  /** Shard and key, as in {@code 000012.tar: 0000120007}; it is the path of the record's image. */
  public String name() {
    return name;
  }

  /** The texts. */
  public DataRecord record() {
    return record;
  }

  /** The bytes of the image file, which the caller owns. */
  public byte[] image() {
    return image;
  }
}
