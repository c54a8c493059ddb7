package io.github.blip2j.spark;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.List;
import org.apache.hadoop.fs.FileStatus;
import org.apache.hadoop.fs.FileSystem;
import org.apache.hadoop.fs.LocalFileSystem;
import org.apache.hadoop.fs.LocatedFileStatus;
import org.apache.hadoop.fs.Path;
import org.apache.hadoop.fs.RemoteIterator;
import org.apache.spark.sql.Dataset;
import org.apache.spark.sql.Encoders;
import org.apache.spark.sql.Row;
import org.apache.spark.sql.SparkSession;

/** Tables of paths. */
public final class PicturePaths {
  private PicturePaths() {}

  /**
   * All files in a folder and the folders in it, in a column {@code path}; those whose names begin
   * with a dot or an underscore are left out. Empty files are there, which Spark's own sources
   * leave out. The driver lists them, so for more than some millions keep a table of paths.
   *
   * @param folder in any storage that Spark knows
   */
  public static Dataset<Row> in(SparkSession spark, String folder) {
    List<String> paths = new ArrayList<>();
    try {
      var root = new Path(folder);
      FileSystem storage = root.getFileSystem(spark.sparkContext().hadoopConfiguration());
      if (storage instanceof LocalFileSystem) {
        walk(storage, root, paths);
      } else {
        RemoteIterator<LocatedFileStatus> files = storage.listFiles(root, true);
        while (files.hasNext()) {
          add(files.next().getPath(), paths);
        }
      }
    } catch (IOException e) {
      throw new UncheckedIOException(
          "spark: readable folder expected at " + folder + ", got " + e, e);
    }
    return spark.createDataset(paths, Encoders.STRING()).toDF("path");
  }

  /** Without files' rights and places, for which Hadoop would start a process for each. */
  private static void walk(FileSystem storage, Path root, List<String> paths) throws IOException {
    Deque<Path> folders = new ArrayDeque<>(List.of(root));
    while (!folders.isEmpty()) {
      for (FileStatus each : storage.listStatus(folders.remove())) {
        if (each.isDirectory()) {
          folders.add(each.getPath());
        } else {
          add(each.getPath(), paths);
        }
      }
    }
  }

  private static void add(Path file, List<String> paths) {
    if (!file.getName().startsWith(".") && !file.getName().startsWith("_")) {
      paths.add(file.toString());
    }
  }
}
