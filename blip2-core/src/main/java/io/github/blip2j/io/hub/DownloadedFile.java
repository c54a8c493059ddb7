package io.github.blip2j.io.hub;

/**
 * A file of a model in the cache.
 *
 * @param name its path within the model's folder
 * @param bytes its size
 * @param downloaded whether this call downloaded it, false if the cache had it
 */
public record DownloadedFile(String name, long bytes, boolean downloaded) {}
