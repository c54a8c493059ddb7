package io.github.blip2j.blip2;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTimeoutPreemptively;

import com.google.gson.Gson;
import com.google.gson.JsonArray;
import com.google.gson.JsonObject;
import io.github.blip2j.backend.TensorMemory;
import io.github.blip2j.io.file.CheckpointException;
import java.io.IOException;
import java.io.RandomAccessFile;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;

/** One way to damage a model folder, and what loading it says; {@code {folder}} is its path. */
public record FolderCase(String name, Damage damage, String message) {
  private static final String WEIGHTS = Fixture.WEIGHTS;
  static final String QUERY = "qformer.encoder.layer.0.attention.attention.query.weight";

  public interface Damage {
    void to(Path folder) throws IOException;
  }

  public interface Edit {
    void of(JsonObject json);
  }

  /** Loading fails with the message, soon, and leaves no memory and no file behind. */
  public void assertRefused(Path folder) throws IOException {
    damage.to(Fixture.copyTo(folder));
    long used = TensorMemory.usedBytes();

    var thrown =
        assertTimeoutPreemptively(
            Duration.ofSeconds(20),
            () -> assertThrows(CheckpointException.class, () -> Blip2.load(folder)));

    assertEquals(message.replace("{folder}", folder.toString()), thrown.getMessage());
    assertEquals(used, TensorMemory.usedBytes(), "off-heap memory");
    assertEquals(List.of(), Fixture.openFiles(folder), "open files");
  }

  @Override
  public String toString() {
    return name;
  }

  static FolderCase config(String name, Edit edit, String message) {
    return new FolderCase(name, f -> Fixture.editJson(f.resolve("config.json"), edit::of), message);
  }

  static FolderCase text(String name, String key, Object value, String message) {
    return part(name, "text_config", key, value, message);
  }

  static FolderCase part(String name, String part, String key, Object value, String message) {
    return config(name, json -> set(child(json, part), key, value), message);
  }

  public static FolderCase header(String name, Edit edit, String message) {
    return new FolderCase(name, f -> Fixture.editHeader(f.resolve(WEIGHTS), edit::of), message);
  }

  static void set(JsonObject json, String key, Object value) {
    json.add(key, new Gson().toJsonTree(value));
  }

  static JsonArray list(Object... values) {
    return new Gson().toJsonTree(values).getAsJsonArray();
  }

  static JsonObject child(JsonObject json, String key) {
    return json.getAsJsonObject(key);
  }

  public static void tensor(JsonObject header, String key, List<?> value) {
    set(child(header, QUERY), key, value);
  }

  static void retype(JsonObject header, String dtype) {
    child(header, QUERY).addProperty("dtype", dtype);
  }

  public static void offsets(JsonObject header, long begin, long end) {
    tensor(header, "data_offsets", List.of(begin, end));
  }

  static void rename(JsonObject header, String from, String to) {
    header.add(to, header.remove(from));
  }

  public static void write(Path folder, String name, String text) throws IOException {
    Files.writeString(folder.resolve(name), text);
  }

  public static void truncate(Path folder, String name, long length) throws IOException {
    try (var file = new RandomAccessFile(folder.resolve(name).toFile(), "rw")) {
      file.setLength(length);
    }
  }

  public static void headerLength(Path folder, long length) throws IOException {
    try (var file = new RandomAccessFile(folder.resolve(WEIGHTS).toFile(), "rw")) {
      ByteBuffer bytes = ByteBuffer.allocate(Long.BYTES).order(ByteOrder.LITTLE_ENDIAN);
      file.write(bytes.putLong(length).array());
    }
  }
}
