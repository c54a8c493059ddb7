package io.github.blip2j.vision;

import com.google.gson.JsonArray;
import com.google.gson.JsonObject;
import com.google.gson.JsonParser;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Set;
import java.util.TreeSet;

/** The tensors of a safetensors file, as plain arrays. */
final class GoldenTensors {
  private final JsonObject header;
  private final ByteBuffer data;

  private GoldenTensors(JsonObject header, ByteBuffer data) {
    this.header = header;
    this.data = data;
  }

  static GoldenTensors read(Path file) throws IOException {
    ByteBuffer bytes = ByteBuffer.wrap(Files.readAllBytes(file)).order(ByteOrder.LITTLE_ENDIAN);
    byte[] json = new byte[Math.toIntExact(bytes.getLong())];
    bytes.get(json);
    String text = new String(json, StandardCharsets.UTF_8);
    return new GoldenTensors(
        JsonParser.parseString(text).getAsJsonObject(),
        bytes.slice().order(ByteOrder.LITTLE_ENDIAN));
  }

  Set<String> names() {
    return new TreeSet<>(header.keySet());
  }

  int size(String name, int axis) {
    return entry(name).getAsJsonArray("shape").get(axis).getAsInt();
  }

  byte[] bytes(String name) {
    JsonArray offsets = entry(name).getAsJsonArray("data_offsets");
    byte[] bytes = new byte[offsets.get(1).getAsInt() - offsets.get(0).getAsInt()];
    data.get(offsets.get(0).getAsInt(), bytes);
    return bytes;
  }

  float[] floats(String name) {
    ByteBuffer bytes = ByteBuffer.wrap(bytes(name)).order(ByteOrder.LITTLE_ENDIAN);
    float[] floats = new float[bytes.remaining() / Float.BYTES];
    bytes.asFloatBuffer().get(floats);
    return floats;
  }

  private JsonObject entry(String name) {
    return header.getAsJsonObject(name);
  }
}
