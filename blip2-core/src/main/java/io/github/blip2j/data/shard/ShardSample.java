package io.github.blip2j.data.shard;

import io.github.blip2j.data.DataRecord;

/**
 * A sample of a shard.
 *
 * @param name shard and key, as in {@code 000012.tar: 0000120007}; the path of the record's image
 * @param record its texts
 * @param image the bytes of the image file
 */
@SuppressWarnings("ArrayRecordComponent") // the bytes of a file, compared by nobody
public record ShardSample(String name, DataRecord record, byte[] image) {}
