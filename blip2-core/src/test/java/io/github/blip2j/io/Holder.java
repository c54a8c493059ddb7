package io.github.blip2j.io;

import io.github.blip2j.io.file.OutputFile;
import io.github.blip2j.io.file.TemporaryFolder;
import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import java.util.concurrent.TimeUnit;

/** A process that has begun to write and waits to be ended. */
public final class Holder {
  private Holder() {}

  /** Begins a file or, in the folder of that name, a temporary folder. */
  public static void main(String[] args) throws Exception {
    Path target = Path.of(args[1]);
    AutoCloseable held =
        args[0].equals("file")
            ? OutputFile.create(target)
            : TemporaryFolder.create(target, "some", List.of("a"));
    System.out.write('.');
    System.out.flush();
    TimeUnit.MINUTES.sleep(1);
    held.close();
  }

  /** Starts one and waits until it has begun. */
  public static Process start(String kind, Path target) throws IOException {
    String java = Path.of(System.getProperty("java.home"), "bin", "java").toString();
    String path = System.getProperty("java.class.path");
    Process process =
        new ProcessBuilder(
                java, "-Xshare:auto", "-cp", path, Holder.class.getName(), kind, target.toString())
            .redirectError(ProcessBuilder.Redirect.INHERIT)
            .start();
    if (process.getInputStream().read() != '.') {
      throw new AssertionError("a process that holds " + target + " did not begin");
    }
    return process;
  }
}
