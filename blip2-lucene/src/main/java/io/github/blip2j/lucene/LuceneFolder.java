package io.github.blip2j.lucene;

import io.github.blip2j.io.file.OutputFile;
import io.github.blip2j.search.store.IndexException;
import io.github.blip2j.search.store.IndexModel;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Locale;
import java.util.stream.Stream;
import org.apache.lucene.codecs.KnnVectorsFormat;
import org.apache.lucene.codecs.lucene912.Lucene912Codec;
import org.apache.lucene.codecs.lucene99.Lucene99HnswScalarQuantizedVectorsFormat;
import org.apache.lucene.index.CorruptIndexException;
import org.apache.lucene.index.DirectoryReader;
import org.apache.lucene.index.IndexFileNames;
import org.apache.lucene.index.IndexFormatTooNewException;
import org.apache.lucene.index.IndexFormatTooOldException;
import org.apache.lucene.index.IndexWriter;
import org.apache.lucene.index.IndexWriterConfig;
import org.apache.lucene.store.Directory;
import org.apache.lucene.store.FSDirectory;
import org.apache.lucene.store.LockObtainFailedException;

/**
 * The folder of a Lucene index: its files are Lucene's, which replaces its commits atomically and
 * removes after a crash what no commit names.
 */
final class LuceneFolder {
  private static final int MOST_BUFFER = 256; // MB
  private static final int SHARE_OF_HEAP = 8; // that the buffer may take: one in so many
  private static final int FEWEST_BUFFER = 16; // MB, Lucene's usual one
  private static final int MEGABYTE = 1 << 20;

  /** Seven bits in the graph, since the photo index compares in float32. */
  private static final KnnVectorsFormat VECTORS = new Lucene99HnswScalarQuantizedVectorsFormat();

  private final Path path;

  LuceneFolder(Path path) {
    this.path = path;
  }

  Path path() {
    return path;
  }

  Directory directory() throws IOException {
    return FSDirectory.open(path);
  }

  /**
   * Makes an index without photos unless there is one.
   *
   * @throws IndexException if the folder holds other files, or the vectors are too long
   */
  void make(IndexModel model) throws IOException {
    int most = VECTORS.getMaxDimensions(PhotoBlock.VECTOR);
    if (model.width() > most) {
      throw new IndexException(
          String.format(
              Locale.ROOT,
              "%s: vectors of at most %d numbers expected by Lucene, got %d; search without it",
              path,
              most,
              model.width()));
    }
    OutputFile.makeFolder(path);
    try (Directory directory = directory()) {
      if (DirectoryReader.indexExists(directory)) {
        return;
      }
      requireNoOthers();
      try (IndexWriter writer = writer(directory)) {
        if (!DirectoryReader.indexExists(directory)) { // nor made meanwhile
          writer.setLiveCommitData(CommitData.of(model).entrySet());
          writer.commit();
        }
      }
    }
  }

  private void requireNoOthers() throws IOException {
    try (Stream<Path> files = Files.list(path)) {
      List<String> others =
          files
              .map(file -> String.valueOf(file.getFileName()))
              .filter(name -> !isLucenes(name))
              .sorted()
              .toList();
      if (!others.isEmpty()) {
        throw new IndexException(
            path
                + ": Lucene index or an empty folder expected, got other files such as "
                + others.get(0)
                + "; choose another folder");
      }
    }
  }

  /** What a process may leave that was killed before its first commit. */
  private static boolean isLucenes(String name) {
    return name.equals(IndexWriter.WRITE_LOCK_NAME)
        || name.startsWith(IndexFileNames.PENDING_SEGMENTS)
        || IndexFileNames.CODEC_FILE_PATTERN.matcher(name).matches();
  }

  /**
   * Opens the last commit.
   *
   * @throws IndexException if there is none, or this version of Lucene cannot read it
   */
  DirectoryReader open(Directory directory) throws IOException {
    if (!DirectoryReader.indexExists(directory)) {
      throw none();
    }
    try {
      return DirectoryReader.open(directory);
    } catch (CorruptIndexException
        | IndexFormatTooNewException
        | IndexFormatTooOldException
        | IllegalArgumentException e) { // of a codec by another name
      throw new IndexException(
          path
              + ": Lucene index that this version reads expected, got another one ("
              + e.getMessage()
              + "); remove the folder and update again",
          e);
    }
  }

  IndexException none() {
    return new IndexException(
        path + ": Lucene index expected, got none; make one with LuceneIndex.openOrCreate");
  }

  /**
   * The writer, which has the lock.
   *
   * @throws IllegalStateException if another one has it
   */
  IndexWriter writer(Directory directory) throws IOException {
    var config = new IndexWriterConfig();
    config.setOpenMode(IndexWriterConfig.OpenMode.CREATE_OR_APPEND);
    config.setCodec(
        new Lucene912Codec() {
          @Override
          public KnnVectorsFormat getKnnVectorsFormatForField(String field) {
            return VECTORS;
          }
        });
    long share = Runtime.getRuntime().maxMemory() / SHARE_OF_HEAP / MEGABYTE;
    config.setRAMBufferSizeMB((double) Math.max(FEWEST_BUFFER, Math.min(MOST_BUFFER, share)));
    try {
      return new IndexWriter(directory, config);
    } catch (LockObtainFailedException e) {
      throw new IllegalStateException(
          "lucene: folder expected without a writer, got "
              + path
              + ", which another one is writing to; wait for it or choose another",
          e);
    }
  }
}
