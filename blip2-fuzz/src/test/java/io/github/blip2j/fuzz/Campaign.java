package io.github.blip2j.fuzz;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;

/**
 * Jazzer on one target, in a process of its own: coverage-guided mutations of the corpus for a
 * while. New inputs that reach new code are kept in the campaign's folder for the next run.
 */
final class Campaign {
  private static final Pattern EXECUTED = Pattern.compile("stat::number_of_executed_units: (\\d+)");

  private final FuzzTarget target;
  private final Path folder;

  /** A campaign that keeps its files below {@code folder}. */
  Campaign(FuzzTarget target, Path folder) {
    this.target = target;
    this.folder = folder.resolve(target.toString());
  }

  /**
   * What came of it.
   *
   * @param inputs how many were tried
   * @param finding what Jazzer printed of the first input that failed, or nothing
   * @param log all that was printed
   */
  record Outcome(long inputs, String finding, Path log) {}

  /** Tries inputs for so many seconds, or until one fails. */
  Outcome run(int seconds) throws IOException, InterruptedException {
    Path kept = Files.createDirectories(folder.resolve("corpus"));
    Path findings = Files.createDirectories(folder.resolve("findings"));
    Path log = folder.resolve("log.txt");
    List<String> command = new ArrayList<>();
    command.add(Path.of(System.getProperty("java.home"), "bin", "java").toString());
    command.addAll(List.of("-Xmx1g", "-Xss1m", "-XX:+UseSerialGC", "-Djava.awt.headless=true"));
    command.add("-Djava.io.tmpdir=" + Files.createDirectories(folder.resolve("tmp")));
    if (Runtime.version().feature() >= 24) {
      command.add("--enable-native-access=ALL-UNNAMED");
      command.add("--sun-misc-unsafe-memory-access=allow");
    }
    command.addAll(List.of("-cp", System.getProperty("java.class.path")));
    command.add("com.code_intelligence.jazzer.Jazzer");
    command.add("--target_class=" + target.className());
    command.add("--instrumentation_includes=io.github.blip2j.**:com.google.gson.**:picocli.**");
    command.add("--custom_hook_includes=none.**"); // its detectors look for faults of servers
    command.add("--reproducer_path=" + findings);
    command.add("-artifact_prefix=" + findings + "/");
    command.add("-timeout=60"); // a hang is to fail, not a slow machine that loads classes
    command.add("-rss_limit_mb=4096");
    command.add("-max_len=" + target.maxLength());
    command.add("-max_total_time=" + seconds);
    command.add("-print_final_stats=1");
    command.add(kept.toString());
    command.add(target.corpus().toString());
    Process process =
        new ProcessBuilder(command)
            .directory(Files.createDirectories(folder.resolve("work")).toFile())
            .redirectErrorStream(true)
            .redirectOutput(log.toFile())
            .start();
    int exit = process.waitFor();
    return outcome(exit, log);
  }

  private static Outcome outcome(int exit, Path log) throws IOException {
    List<String> lines;
    try (Stream<String> all = Files.lines(log, java.nio.charset.StandardCharsets.ISO_8859_1)) {
      lines = all.toList();
    }
    long inputs = 0;
    int start = -1;
    for (int i = 0; i < lines.size(); i++) {
      Matcher executed = EXECUTED.matcher(lines.get(i));
      if (executed.find()) {
        inputs = Long.parseLong(executed.group(1));
      }
      if (start < 0 && (lines.get(i).startsWith("== ") || lines.get(i).contains("ERROR:"))) {
        start = i;
      }
    }
    String finding = "";
    if (exit != 0) {
      int from = start < 0 ? Math.max(0, lines.size() - 30) : start;
      finding = String.join("\n", lines.subList(from, Math.min(lines.size(), from + 40)));
    }
    return new Outcome(inputs, finding, log);
  }
}
