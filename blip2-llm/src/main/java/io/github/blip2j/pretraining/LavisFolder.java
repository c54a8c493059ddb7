package io.github.blip2j.pretraining;

import io.github.blip2j.blip2.checkpoint.Conversion;
import io.github.blip2j.blip2.checkpoint.files.Descriptions;
import io.github.blip2j.blip2.checkpoint.files.TensorCopy;
import io.github.blip2j.blip2.checkpoint.lavis.LavisFile;
import io.github.blip2j.io.file.OutputFile;
import io.github.blip2j.io.tensor.TensorSpec;
import io.github.blip2j.io.torch.TorchWriter;
import java.io.IOException;
import java.nio.file.Path;
import java.util.List;

/** The folder of an export for LAVIS: a {@value LavisFile#NAME} and the files that describe it. */
final class LavisFolder {
  private LavisFolder() {}

  /** A writer of files into a folder. */
  @FunctionalInterface
  interface Description {
    void write(Path folder) throws IOException;
  }

  /** A writer of tensors in the order of their specifications. */
  @FunctionalInterface
  interface Contents {
    void write(TensorCopy.Sink to) throws IOException;
  }

  /**
   * Writes the parameters under {@code model}, and replaces the files beside them together with
   * them.
   *
   * @param folder is created if there is none
   * @return the file of LAVIS
   */
  static Path write(Path folder, Description description, List<TensorSpec> specs, Contents contents)
      throws IOException {
    Path file = folder.resolve(LavisFile.NAME);
    try (var descriptions = Descriptions.of(folder)) {
      description.write(descriptions.path());
      try (var writer = TorchWriter.createUnder("model", file, specs)) {
        contents.write(writer::write);
        descriptions.replaceBefore(file);
      }
    }
    return file;
  }

  /** Checks that an export may be written, and makes its folder. */
  static void prepare(Path folder) throws IOException {
    Conversion.requireReplaceable(folder, List.of());
    OutputFile.makeFolder(folder);
  }
}
