package io.github.blip2j.text;

import ai.djl.engine.EngineException;
import ai.djl.huggingface.tokenizers.jni.LibUtils;
import ai.djl.util.Utils;
import java.io.IOException;
import java.nio.file.FileSystemException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * Loads the tokenizer library's native part. Its Java side reads its settings when its classes
 * load, so they are made here, before anything else touches it.
 */
final class TokenizerNatives {
  private static final Map<String, String> SETTINGS =
      Map.of(
          // Without it every start asks 169.254.169.254 whether this is EC2, and reports if so.
          "OPT_OUT_TRACKING", "true",
          // Without it a machine with a GPU downloads another native library.
          "RUST_FLAVOR", "cpu");

  private TokenizerNatives() {}

  /**
   * Loads the native library, once per process.
   *
   * @throws IOException if it can't be unpacked or doesn't run on this system
   */
  static void load() throws IOException {
    SETTINGS.forEach(
        (name, value) -> {
          if (System.getenv(name) == null && System.getProperty(name) == null) {
            System.setProperty(name, value);
          }
        });
    try {
      LibUtils.checkStatus();
    } catch (EngineException e) { // doesn't say whether the folder or the system is at fault
      requireWritable(folder());
      throw new IOException(unsupported(e), e);
    } catch (LinkageError e) { // the second attempt in a process fails with another subclass
      throw new IOException(unsupported(e), e);
    }
  }

  /** Where the native library is unpacked. */
  static Path folder() {
    return Utils.getEngineCacheDir("tokenizers");
  }

  static String unsupported(Throwable e) {
    return "tokenizers: native library expected to run on %s %s, got %s; %s"
        .formatted(
            System.getProperty("os.name"),
            System.getProperty("os.arch"),
            rootMessage(e),
            "it needs Linux with glibc 2.34, macOS on ARM or Windows on x86-64");
  }

  private static void requireWritable(Path cache) throws IOException {
    try {
      Files.createDirectories(cache);
      Files.delete(Files.createTempFile(cache, "probe", null));
    } catch (FileSystemException e) {
      throw new IOException(
          "tokenizers: folder to unpack a library expected to be writable, got %s; %s"
              .formatted(e.getMessage(), "set DJL_CACHE_DIR to one that is"),
          e);
    }
  }

  private static String rootMessage(Throwable e) {
    Throwable root = e;
    for (@Nullable Throwable cause = e; cause != null; cause = cause.getCause()) {
      root = cause;
    }
    return root.getClass().getSimpleName() + " (" + root.getMessage() + ")";
  }
}
