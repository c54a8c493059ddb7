package io.github.blip2j.io;

import io.github.blip2j.io.file.ReadableFile;
import io.github.blip2j.io.safetensors.SafetensorsFile;
import io.github.blip2j.io.tensor.DequantizedFile;
import io.github.blip2j.io.tensor.TensorFile;
import io.github.blip2j.io.torch.TorchFile;
import java.io.IOException;
import java.nio.file.Path;

/** Opens files of tensors in the format that their names state. */
final class TensorFiles {
  /** The ending of safetensors files; every other file is PyTorch's. */
  static final String SAFETENSORS = ".safetensors";

  private TensorFiles() {}

  /** Opens a file; the caller closes it. */
  static TensorFile open(Path file) throws IOException {
    return ReadableFile.nameOf(file).endsWith(SAFETENSORS)
        ? DequantizedFile.of(SafetensorsFile.open(file))
        : TorchFile.open(file);
  }
}
