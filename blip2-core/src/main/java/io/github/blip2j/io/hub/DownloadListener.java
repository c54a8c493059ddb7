package io.github.blip2j.io.hub;

/** Is told how a download goes. */
@FunctionalInterface
public interface DownloadListener {
  /**
   * Called often, from the thread that downloads.
   *
   * @param file the name of the file that is being transferred
   * @param done bytes of all files that are there by now
   * @param total bytes of all files together
   */
  void progressed(String file, long done, long total);
}
