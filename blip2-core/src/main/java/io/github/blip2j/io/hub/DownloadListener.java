package io.github.blip2j.io.hub;

/** Receives the progress of a download. */
@FunctionalInterface
public interface DownloadListener {
  /**
   * Called often, from the thread that downloads.
   *
   * @param file the name of the file that is being transferred
   * @param done bytes of all files so far
   * @param total total bytes of all files
   */
  void progressed(String file, long done, long total);
}
