package io.github.blip2j.backend;

/**
 * The copies between Java and a device's memory up to a moment. Each one waits for the kernels
 * before it, so their number matters as much as their size.
 *
 * @param uploads copies to the device
 * @param downloads copies from it
 */
public record Transfers(long uploads, long downloads, long uploadedBytes, long downloadedBytes) {
  /** Those since an earlier moment. */
  public Transfers since(Transfers before) {
    return new Transfers(
        uploads - before.uploads,
        downloads - before.downloads,
        uploadedBytes - before.uploadedBytes,
        downloadedBytes - before.downloadedBytes);
  }
}
