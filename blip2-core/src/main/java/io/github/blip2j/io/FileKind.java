package io.github.blip2j.io;

import io.github.blip2j.io.file.CheckpointException;
import io.github.blip2j.io.file.ConfigJson;
import io.github.blip2j.io.file.OutputFile;
import io.github.blip2j.io.safetensors.SafetensorsFile;
import io.github.blip2j.io.torch.TorchFile;
import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.Collection;

/**
 * A kind of file, recognised by content and never by name. An output may replace only a file of its
 * own kind, so a file that a user names by mistake is kept.
 *
 * @param name the kind's name in messages
 * @param recognizer recognises files of this kind
 */
public record FileKind(String name, Recognizer recognizer) {
  private static final byte[] PNG_START = {(byte) 0x89, 'P', 'N', 'G', '\r', '\n', 0x1a, '\n'};

  /** Safetensors. */
  public static final FileKind SAFETENSORS =
      new FileKind("a safetensors file", FileKind::isSafetensors);

  /** Files of {@code torch.save}. */
  public static final FileKind TORCH = new FileKind("a file of torch.save", FileKind::isTorch);

  /** PNG images. */
  public static final FileKind PNG = new FileKind("a PNG image", FileKind::isPng);

  /** JSON objects. */
  public static final FileKind JSON = new FileKind("a JSON object", FileKind::isJson);

  /** Recognises the files of a kind. */
  @FunctionalInterface
  public interface Recognizer {
    /**
     * Whether an existing file is of this kind.
     *
     * @throws IOException if it can't be read
     */
    boolean isOne(Path file) throws IOException;
  }

  /**
   * Checks that a file can be written there, and that an existing file is of this kind or empty.
   *
   * @throws CheckpointException if the folder doesn't exist, or the target is anything else
   */
  public void require(Path target) throws IOException {
    OutputFile.require(target);
    boolean there = Files.exists(target) && Files.size(target) > 0;
    if (there && !recognizer.isOne(target)) {
      throw new CheckpointException(
          target + ": " + name + " expected to be replaced, got another file; name another");
    }
  }

  /**
   * Checks that an output is none of the inputs.
   *
   * @param inputs files and folders to read from; they need not exist
   * @throws IllegalArgumentException if the output is one of them
   */
  public static void requireNoneOf(Collection<Path> inputs, Path target) throws IOException {
    for (Path input : inputs) {
      if (Files.exists(input) && Files.exists(target) && Files.isSameFile(input, target)) {
        throw new IllegalArgumentException(
            target + ": target expected to be none of the inputs, got one of them; name another");
      }
    }
  }

  private static boolean isSafetensors(Path file) throws IOException {
    try (var there = SafetensorsFile.open(file)) {
      return true;
    } catch (CheckpointException e) {
      return false;
    }
  }

  private static boolean isTorch(Path file) throws IOException {
    try (var there = TorchFile.open(file)) {
      return true;
    } catch (CheckpointException e) {
      return false;
    }
  }

  private static boolean isJson(Path file) throws IOException {
    try {
      ConfigJson.read(file);
      return true;
    } catch (CheckpointException e) {
      return false;
    }
  }

  private static boolean isPng(Path file) throws IOException {
    try (InputStream in = Files.newInputStream(file)) {
      return Arrays.equals(PNG_START, in.readNBytes(PNG_START.length));
    }
  }
}
