package io.github.blip2j.training.run;

import com.google.gson.Gson;
import com.google.gson.GsonBuilder;
import com.google.gson.JsonArray;
import com.google.gson.JsonElement;
import com.google.gson.JsonObject;
import com.google.gson.JsonParseException;
import com.google.gson.JsonParser;
import io.github.blip2j.backend.Diagnostics;
import io.github.blip2j.io.file.OutputFile;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.TreeSet;
import org.jspecify.annotations.Nullable;

/**
 * {@code run.json}: how a run was made. The first start is at the top, resumes are in a list after
 * it, each with the options that differ from those before.
 */
final class RunFile {
  static final String NAME = "run.json";

  private static final Gson GSON =
      new GsonBuilder().setPrettyPrinting().disableHtmlEscaping().create();
  private static final String RESUMED = "resumed";
  private static final String OPTIONS = "options";
  private static final String MODELS = "models";

  private final Path file;
  private final RunDescription description;
  private final Map<String, Fingerprint> models = new LinkedHashMap<>();
  private final List<Fingerprint> data = new ArrayList<>();

  /** The file of a folder, which need not exist; models and data are read. */
  RunFile(Path folder, RunDescription description) throws IOException {
    this.file = folder.resolve(NAME);
    this.description = description;
    for (Map.Entry<String, Path> model : description.models().entrySet()) {
      models.put(model.getKey(), Fingerprint.ofModel(model.getValue()));
    }
    for (Path each : description.data()) {
      data.add(Fingerprint.ofData(each));
    }
  }

  /** What is there, or null. */
  @Nullable JsonObject read() throws IOException {
    if (!Files.exists(file)) {
      return null;
    }
    try {
      return JsonParser.parseString(Files.readString(file)).getAsJsonObject();
    } catch (JsonParseException | IllegalStateException e) {
      throw new IOException(
          file + ": description of a run expected, got no JSON object; move the file away", e);
    }
  }

  /**
   * Checks that what is there describes a run of the same command from the same models.
   *
   * @throws IllegalStateException if it is of another run
   */
  void requireSameRun() throws IOException {
    @Nullable JsonObject stored = read();
    if (stored == null) {
      return;
    }
    String command = text(stored, "command");
    if (!command.equals(description.command())) {
      throw another(description.command(), command);
    }
    if (stored.get(MODELS) instanceof JsonObject theirs) {
      for (Map.Entry<String, Fingerprint> model : models.entrySet()) {
        @Nullable JsonElement before = theirs.get(model.getKey());
        if (!(before instanceof JsonObject same) || !model.getValue().isSame(same)) {
          JsonObject own = model.getValue().json();
          throw another(
              words(model.getKey(), own, before),
              before instanceof JsonObject other ? words(model.getKey(), other, own) : "none");
        }
      }
    }
  }

  private static String words(String option, JsonObject model, @Nullable JsonElement other) {
    String bytes = text(other, "bytes");
    return option + " " + Fingerprint.words(model, bytes.isEmpty() ? -1 : Long.parseLong(bytes));
  }

  private IllegalStateException another(String ours, String theirs) {
    return new IllegalStateException(
        String.format(
            Locale.ROOT,
            "%s: run of %s expected, got one of %s; choose another folder",
            file,
            ours,
            theirs));
  }

  /** The data that differ from those that the run was started with, in words. */
  List<String> changedData() throws IOException {
    List<String> changed = new ArrayList<>();
    @Nullable JsonObject stored = read();
    if (stored != null && stored.get("data") instanceof JsonArray theirs) {
      for (Fingerprint each : data) {
        @Nullable String change = change(theirs, each);
        if (change != null && !changed.contains(change)) {
          changed.add(change);
        }
      }
    }
    return changed;
  }

  /** How a file differs from the one of its name or, if there was none, from all; null if not. */
  private static @Nullable String change(JsonArray theirs, Fingerprint file) {
    boolean named = false;
    boolean found = false;
    for (JsonElement each : theirs) {
      boolean same = each instanceof JsonObject before && file.isSame(before);
      boolean ofName = text(each, "path").equals(file.path());
      if (same && ofName) {
        return null;
      }
      named |= ofName;
      found |= same;
    }
    if (named) {
      return file.path() + " has other bytes";
    }
    return found ? null : file.path() + " was not read before";
  }

  /** Writes the file of a run that begins. */
  void writeStart() throws IOException {
    JsonObject json = new JsonObject();
    json.addProperty("command", description.command());
    json.addProperty("started", now());
    addCircumstances(json);
    var paths = new JsonObject();
    models.forEach((option, model) -> paths.add(option, model.json()));
    json.add(MODELS, paths);
    var files = new JsonArray();
    data.forEach(each -> files.add(each.json()));
    json.add("data", files);
    json.add(OPTIONS, GSON.toJsonTree(description.options()));
    write(json);
  }

  /** Adds a resume after an update; the file is begun if it isn't there. */
  void writeResume(long step) throws IOException {
    @Nullable JsonObject json = read();
    if (json == null) { // a run of before there was such a file
      writeStart();
      return;
    }
    JsonArray resumed = json.get(RESUMED) instanceof JsonArray some ? some : new JsonArray();
    var entry = new JsonObject();
    entry.addProperty("step", step);
    entry.addProperty("time", now());
    addCircumstances(entry);
    entry.add("changed", GSON.toJsonTree(changedOptions()));
    resumed.add(entry);
    json.add(RESUMED, resumed);
    write(json);
  }

  /** The options that differ from those of the last start or resume: from old value to new. */
  Map<String, List<String>> changedOptions() throws IOException {
    @Nullable JsonObject stored = read();
    Map<String, List<String>> changed = new LinkedHashMap<>();
    if (stored == null || !(stored.get(OPTIONS) instanceof JsonObject start)) {
      return changed;
    }
    Map<String, String> before = new LinkedHashMap<>();
    start.entrySet().forEach(option -> before.put(option.getKey(), plain(option.getValue())));
    if (stored.get(RESUMED) instanceof JsonArray resumes) {
      resumes.forEach(resume -> apply(resume, before));
    }
    var names = new TreeSet<>(before.keySet());
    names.addAll(description.options().keySet());
    for (String name : names) {
      String old = before.getOrDefault(name, "");
      String now = description.options().getOrDefault(name, "");
      if (!old.equals(now)) {
        changed.put(name, List.of(old, now));
      }
    }
    return changed;
  }

  private static void apply(JsonElement resume, Map<String, String> options) {
    if (resume instanceof JsonObject entry && entry.get("changed") instanceof JsonObject changes) {
      changes
          .entrySet()
          .forEach(
              change -> {
                if (change.getValue() instanceof JsonArray values && values.size() == 2) {
                  options.put(change.getKey(), plain(values.get(1)));
                }
              });
    }
  }

  private void addCircumstances(JsonObject json) {
    json.add("arguments", GSON.toJsonTree(description.arguments()));
    json.addProperty("version", description.version());
    Map<String, String> machine = new LinkedHashMap<>();
    machine.put("os", System.getProperty("os.name") + " " + System.getProperty("os.version"));
    machine.put("architecture", System.getProperty("os.arch"));
    machine.put("java", System.getProperty("java.version"));
    machine.putAll(Diagnostics.cpu());
    machine.put("memory", Diagnostics.memory().getOrDefault("physical", "unknown"));
    json.add("machine", GSON.toJsonTree(machine));
  }

  private static String now() {
    return Instant.now().truncatedTo(ChronoUnit.SECONDS).toString();
  }

  private static String text(@Nullable JsonElement json, String name) {
    return json instanceof JsonObject object ? plain(object.get(name)) : "";
  }

  private static String plain(@Nullable JsonElement value) {
    return value != null && value.isJsonPrimitive() ? value.getAsString() : "";
  }

  private void write(JsonObject json) throws IOException {
    OutputFile.write(file, GSON.toJson(json) + "\n");
  }
}
