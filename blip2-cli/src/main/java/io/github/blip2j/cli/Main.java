package io.github.blip2j.cli;

import io.github.blip2j.cli.console.Console;
import java.io.FileDescriptor;
import java.io.FileOutputStream;
import java.io.PrintWriter;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import picocli.CommandLine.ExitCode;

/** The process that {@code bin/blip2} starts. */
public final class Main {
  private Main() {}

  /** Runs one command and ends the process with its exit code. */
  public static void main(String[] args) {
    int exit;
    try {
      exit = run(args);
    } catch (LinkageError e) { // the classes that describe errors may not load either
      System.err.println(
          "blip2: classes expected to load, got "
              + e
              + "; allow more open files (ulimit -n 256), or build blip2 again");
      exit = 1;
    }
    System.exit(exit);
  }

  private static int run(String[] args) {
    var out =
        new PrintWriter(new FileOutputStream(FileDescriptor.out), false, StandardCharsets.UTF_8);
    var err =
        new PrintWriter(new FileOutputStream(FileDescriptor.err), true, StandardCharsets.UTF_8);
    // Standard output is for results alone: output of libraries goes to standard error.
    System.setOut(System.err);
    boolean terminal = Boolean.getBoolean("blip2.terminal"); // set by bin/blip2
    var patience = Duration.ofSeconds(terminal ? 2 : 5);
    var console = new Console(out, err, System.in, terminal, patience, System.getenv());
    int exit = Blip2Command.run(console, args);
    if (out.checkError()) { // flushes; a full disk or a closed pipe shows only here
      err.println("blip2: standard output expected to take the results, got an error");
      exit = Math.max(exit, ExitCode.SOFTWARE);
    }
    return exit;
  }
}
