package io.github.blip2j.search;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.io.TempDir;

/** A folder of photos with an index in it, anew for each test of a class. */
abstract class IndexedFolder {
  final FakeEmbedder embedder = new FakeEmbedder();

  @TempDir Path temporary;
  Path photos = Path.of("");
  Path folder = Path.of("");

  @BeforeEach
  void makeFolders() throws IOException {
    photos = Files.createDirectory(temporary.resolve("photos")).toRealPath();
    folder = PhotoIndex.usualFolder(photos);
  }

  PhotoIndex index() throws IOException {
    return PhotoIndex.openOrCreate(folder, embedder.model());
  }

  IndexUpdate update() throws IOException {
    return update(IndexOptions.defaults().withThreads(3));
  }

  IndexUpdate update(IndexOptions options) throws IOException {
    return index().update(photos, embedder, options, IndexListener.NONE);
  }
}
