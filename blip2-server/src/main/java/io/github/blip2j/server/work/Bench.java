package io.github.blip2j.server.work;

import io.github.blip2j.nn.CancellationToken;

/**
 * What a batch of jobs works with.
 *
 * @param token stops the batch when all its jobs are cancelled
 * @param features of images that were encoded lately
 * @param maxPixels the most pixels of an image
 * @param listener is told of tokens
 */
record Bench(
    CancellationToken token, FeatureCache features, long maxPixels, WorkListener listener) {}
