package io.github.blip2j.evaluation;

import com.google.gson.Gson;
import com.google.gson.GsonBuilder;
import com.google.gson.JsonElement;
import com.google.gson.JsonObject;
import com.google.gson.JsonParseException;
import io.github.blip2j.data.DataException;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.channels.OverlappingFileLockException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/**
 * A file in which an evaluation keeps what it computed, so that a stopped run goes on where it was.
 *
 * <p>The first line holds the settings of the run, and each further line the result of an item.
 * Opened again, the file is read up to its last complete line; a partial line after that, left by a
 * kill, is cut off. Results of a run with other settings are refused. The file is locked while it
 * is open.
 */
public final class RunJournal implements AutoCloseable {
  private static final String SETTINGS = "settings";
  private static final String ID = "id";
  private static final Gson GSON =
      new GsonBuilder().disableHtmlEscaping().serializeNulls().create();

  private final @Nullable Path file;
  private final @Nullable FileChannel channel;
  private final Map<String, JsonObject> results = new LinkedHashMap<>();

  private RunJournal(@Nullable Path file, @Nullable FileChannel channel) {
    this.file = file;
    this.channel = channel;
  }

  /** A journal that keeps nothing beyond its process. */
  public static RunJournal inMemory() {
    return new RunJournal(null, null);
  }

  /**
   * Creates or continues a journal.
   *
   * @param settings what results depend on, such as the model and the data
   * @param anew whether earlier results are thrown away
   * @throws DataException if the file holds something else, or is of a run with other settings
   * @throws IOException if another run is writing it, or it can't be written
   */
  public static RunJournal open(Path file, Map<String, String> settings, boolean anew)
      throws IOException {
    @Nullable Path folder = file.toAbsolutePath().getParent();
    if (folder == null || !Files.isDirectory(folder)) {
      throw new DataException(file + ": folder expected to exist; create it first");
    }
    if (Files.exists(file) && !Files.isRegularFile(file)) {
      throw new DataException(file + ": file expected, got a folder or device; name another");
    }
    FileChannel channel =
        FileChannel.open(
            file, StandardOpenOption.CREATE, StandardOpenOption.READ, StandardOpenOption.WRITE);
    boolean opened = false;
    try {
      lock(channel, file);
      var journal = new RunJournal(file, channel);
      journal.begin(file, settings, anew);
      opened = true;
      return journal;
    } finally {
      if (!opened) {
        channel.close();
      }
    }
  }

  private static void lock(FileChannel channel, Path file) throws IOException {
    boolean free;
    try {
      free = channel.tryLock() != null;
    } catch (OverlappingFileLockException e) {
      free = false;
    }
    if (!free) {
      throw new IOException(
          file + ": file expected to be free, got one that another run is writing; wait for it");
    }
  }

  private void begin(Path file, Map<String, String> settings, boolean anew) throws IOException {
    var first = new JsonObject();
    first.add(SETTINGS, GSON.toJsonTree(new LinkedHashMap<>(settings)));
    long end = anew ? 0 : read(file, settings);
    FileChannel open = opened();
    open.truncate(end);
    open.position(end);
    if (end == 0) {
      results.clear();
      write(first);
    }
  }

  private FileChannel opened() {
    if (channel == null) {
      throw new AssertionError("a journal in memory has no file");
    }
    return channel;
  }

  /** Reads earlier results; returns the end of the last complete line. */
  private long read(Path file, Map<String, String> settings) throws IOException {
    byte[] bytes = Files.readAllBytes(file);
    int begin = 0;
    for (int i = 0; i < bytes.length; i++) {
      if (bytes[i] == '\n') {
        String line = new String(bytes, begin, i - begin, StandardCharsets.UTF_8);
        accept(file, line, begin == 0, settings);
        begin = i + 1;
      }
    }
    String rest = new String(bytes, begin, bytes.length - begin, StandardCharsets.UTF_8);
    if (!rest.isEmpty() && !rest.startsWith("{")) {
      throw somethingElse(file);
    }
    return begin;
  }

  private void accept(Path file, String line, boolean first, Map<String, String> settings)
      throws DataException {
    @Nullable JsonObject record;
    try {
      record = GSON.fromJson(line, JsonObject.class);
    } catch (JsonParseException e) {
      record = null;
    }
    @Nullable JsonElement key = record == null ? null : record.get(first ? SETTINGS : ID);
    if (record == null || key == null || first != key.isJsonObject()) {
      throw somethingElse(file);
    }
    if (first) {
      requireSame(file, key.getAsJsonObject(), settings);
    } else {
      record.remove(ID);
      results.put(key.getAsString(), record);
    }
  }

  private static void requireSame(Path file, JsonObject earlier, Map<String, String> settings)
      throws DataException {
    Set<String> keys = new TreeSet<>(settings.keySet());
    keys.addAll(earlier.keySet());
    for (String key : keys) {
      @Nullable JsonElement before = earlier.get(key);
      String was = before == null ? "none" : before.getAsString();
      String is = settings.getOrDefault(key, "none");
      if (!was.equals(is)) {
        Difference between = Difference.of(was, is);
        throw new DataException(
            String.format(
                Locale.ROOT,
                "%s: results of a run with the same settings expected, got those with %s \"%s\""
                    + " instead of \"%s\"; name another file, or begin anew (--overwrite)",
                file,
                key,
                between.was(),
                between.is()));
      }
    }
  }

  /** Two values of a setting, or what differs in them if they are those of one record. */
  private record Difference(String was, String is) {
    private static final Pattern RECORD = Pattern.compile("\\w+\\[(.*)]", Pattern.DOTALL);
    private static final Pattern BETWEEN = Pattern.compile(", (?=\\w+=)");

    static Difference of(String was, String is) {
      Matcher before = RECORD.matcher(was);
      Matcher now = RECORD.matcher(is);
      if (!before.matches() || !now.matches()) {
        return new Difference(was, is);
      }
      List<String> old = new ArrayList<>(List.of(BETWEEN.split(before.group(1), -1)));
      List<String> current = new ArrayList<>(List.of(BETWEEN.split(now.group(1), -1)));
      List<String> same = old.stream().filter(current::contains).toList();
      old.removeAll(same);
      current.removeAll(same);
      return new Difference(String.join(", ", old), String.join(", ", current));
    }
  }

  private static DataException somethingElse(Path file) {
    return new DataException(
        file + ": results of an earlier run expected, got something else; name another file");
  }

  /** The file, or null of a journal in memory. */
  @Nullable Path file() {
    return file;
  }

  /** The result of an item, or null if there is none. */
  public @Nullable JsonObject get(String id) {
    return results.get(id);
  }

  /** Keeps the result of an item. */
  public void add(String id, JsonObject result) throws IOException {
    results.put(id, result);
    if (channel != null) {
      var line = new JsonObject();
      line.addProperty(ID, id);
      result.entrySet().forEach(each -> line.add(each.getKey(), each.getValue()));
      write(line);
    }
  }

  private void write(JsonObject line) throws IOException {
    ByteBuffer bytes = ByteBuffer.wrap((GSON.toJson(line) + "\n").getBytes(StandardCharsets.UTF_8));
    FileChannel open = opened();
    while (bytes.hasRemaining()) {
      open.write(bytes);
    }
  }

  /** Frees the file. */
  @Override
  public void close() throws IOException {
    if (channel != null) {
      channel.close();
    }
  }
}
