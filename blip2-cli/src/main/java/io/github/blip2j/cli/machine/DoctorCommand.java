package io.github.blip2j.cli.machine;

import com.google.gson.JsonObject;
import io.github.blip2j.backend.Backend;
import io.github.blip2j.backend.BackendProvider;
import io.github.blip2j.backend.Diagnostics;
import io.github.blip2j.cli.console.Console;
import io.github.blip2j.cli.console.ErrorReport;
import io.github.blip2j.cli.console.LogSettings;
import io.github.blip2j.cli.console.Version;
import io.github.blip2j.cli.text.JsonReport;
import io.github.blip2j.llm.LanguageFamily;
import io.github.blip2j.service.Services;
import io.github.blip2j.vision.VisionFamily;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.concurrent.Callable;
import java.util.stream.Stream;
import javax.imageio.ImageIO;
import picocli.CommandLine.Command;
import picocli.CommandLine.ExitCode;
import picocli.CommandLine.Option;

/** {@code blip2 doctor}: the machine's features, those that are used, and problems. */
@Command(
    name = "doctor",
    description =
        "Shows the features of this machine that matter for speed, and problems with them.",
    mixinStandardHelpOptions = true,
    versionProvider = Version.class)
public final class DoctorCommand implements Callable<Integer> {
  /** A section of the report; an exception becomes a problem of it. */
  @FunctionalInterface
  private interface Section {
    Map<String, String> read() throws IOException;
  }

  private final Console console;
  private final Map<String, Map<String, String>> sections = new LinkedHashMap<>();
  private final List<String> problems = new ArrayList<>();

  @Option(names = "--json", description = "Print one JSON document.")
  private boolean json;

  @Option(names = "--debug", description = "Log more, and print stack traces of errors.")
  private boolean debug;

  public DoctorCommand(Console console) {
    this.console = console;
  }

  @Override
  public Integer call() {
    if (debug) {
      LogSettings.debug();
    }
    examine("system", DoctorCommand::system);
    examine("java", DoctorCommand::java);
    examine("cpu", Diagnostics::cpu);
    examine("memory", Diagnostics::memory);
    examine("nd4j", Diagnostics::nd4j);
    examine("backends", () -> Diagnostics.backends(Backend.preferred()));
    listProblems(BackendProvider.class, LanguageFamily.class, VisionFamily.class);
    examine("native cache", () -> folder(Diagnostics.nativeCache()));
    examine("images", DoctorCommand::images);
    if (json) {
      printJson();
    } else {
      printLines();
    }
    return problems.isEmpty() ? ExitCode.OK : ExitCode.SOFTWARE;
  }

  private void examine(String name, Section section) {
    try {
      sections.put(name, section.read());
    } catch (IOException | LinkageError | IllegalStateException | IllegalArgumentException e) {
      String problem = Console.oneLine(ErrorReport.describe(e));
      sections.put(name, Map.of("problem", problem));
      problems.add(name + ": " + problem);
    }
  }

  /** Services that are registered and cannot be made. */
  private void listProblems(Class<?>... services) {
    List<String> found = new ArrayList<>();
    for (Class<?> service : services) {
      Services.problems(service).stream().map(Console::oneLine).forEach(found::add);
    }
    if (!found.isEmpty()) {
      sections.put("services", Map.of("problem", String.join("; ", found)));
      problems.addAll(found);
    }
  }

  private void printLines() {
    sections.forEach(
        (name, values) -> {
          console.out().println(name);
          values.forEach(
              (key, value) ->
                  console.out().println(String.format(Locale.ROOT, "  %-26s %s", key, value)));
        });
    problems.forEach(console::complain);
  }

  private void printJson() {
    var document = new JsonObject();
    sections.forEach(
        (name, values) -> {
          var section = new JsonObject();
          values.forEach((key, value) -> section.addProperty(key.replace(' ', '_'), value));
          document.add(name.replace(' ', '_'), section);
        });
    document.addProperty("healthy", problems.isEmpty());
    JsonReport.print(console, document);
    problems.forEach(console::complain);
  }

  private static Map<String, String> system() throws IOException {
    Map<String, String> values = new LinkedHashMap<>();
    values.put("blip2", Version.number());
    values.put("os", System.getProperty("os.name") + " " + System.getProperty("os.version"));
    values.put("architecture", System.getProperty("os.arch"));
    values.put("c library", Diagnostics.libc());
    return values;
  }

  private static Map<String, String> java() {
    Map<String, String> values = new LinkedHashMap<>();
    values.put("version", System.getProperty("java.version"));
    values.put("vendor", System.getProperty("java.vendor"));
    values.put("home", System.getProperty("java.home"));
    return values;
  }

  private static Map<String, String> images() {
    Map<String, String> values = new LinkedHashMap<>();
    values.put("read here", "JPEG PNG GIF BMP TIFF WebP");
    Stream<String> readers =
        Stream.of(ImageIO.getReaderFormatNames()).map(name -> name.toLowerCase(Locale.ROOT));
    values.put("imageio readers", String.join(" ", readers.distinct().sorted().toList()));
    return values;
  }

  private static Map<String, String> folder(Path folder) throws IOException {
    Map<String, String> values = new LinkedHashMap<>();
    values.put("folder", folder.toString());
    values.put("writable", Files.isWritable(folder) ? "yes" : "no");
    values.put("size", (size(folder) >> 20) + " MiB");
    return values;
  }

  private static long size(Path folder) throws IOException {
    try (Stream<Path> files = Files.walk(folder)) {
      return files.filter(Files::isRegularFile).mapToLong(file -> file.toFile().length()).sum();
    } catch (UncheckedIOException e) {
      throw e.getCause();
    }
  }
}
