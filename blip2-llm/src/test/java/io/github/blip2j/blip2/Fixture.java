package io.github.blip2j.blip2;

import com.google.gson.JsonObject;
import com.google.gson.JsonParser;
import io.github.blip2j.io.safetensors.SafetensorsFile;
import io.github.blip2j.io.tensor.TensorEntry;
import io.github.blip2j.vision.image.Image;
import io.github.blip2j.vision.image.ImageDecoder;
import java.awt.image.BufferedImage;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Objects;
import java.util.function.Consumer;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import javax.imageio.ImageIO;

/** Copies of the small model's folder, to be damaged. */
public final class Fixture {
  public static final Path HF_OPT = Path.of("src/test/resources/golden/hf-opt");
  public static final String CONFIG = "config.json";
  public static final String WEIGHTS = "model.safetensors";

  private Fixture() {}

  /** The model's files in {@code folder}, without expectations and pictures. */
  public static Path copyTo(Path folder) throws IOException {
    return copyTo(HF_OPT, folder);
  }

  static Path copyTo(Path model, Path folder) throws IOException {
    try (Stream<Path> files = Files.list(model)) {
      for (Path file : files.filter(Files::isRegularFile).toList()) {
        String name = file.getFileName().toString();
        if (!name.startsWith("expected")) {
          Files.copy(file, folder.resolve(name));
        }
      }
    }
    return folder;
  }

  /** The three pictures: a red circle, squares side by side, a triangle beside a ring. */
  public static List<Path> pictures() {
    return List.of(picture("a.png"), picture("b.png"), picture("c.png"));
  }

  public static List<Image> images() throws IOException {
    List<Image> images = new ArrayList<>();
    for (Path picture : pictures()) {
      images.add(new ImageDecoder().decode(picture));
    }
    return images;
  }

  public static void editJson(Path file, Consumer<JsonObject> edit) throws IOException {
    JsonObject json = JsonParser.parseString(Files.readString(file)).getAsJsonObject();
    edit.accept(json);
    Files.writeString(file, json.toString());
  }

  /** Rewrites the header of a safetensors file; the data stay as they are. */
  static void editHeader(Path file, Consumer<JsonObject> edit) throws IOException {
    ByteBuffer bytes = ByteBuffer.wrap(Files.readAllBytes(file)).order(ByteOrder.LITTLE_ENDIAN);
    byte[] header = new byte[Math.toIntExact(bytes.getLong())];
    bytes.get(header);
    String text = new String(header, StandardCharsets.UTF_8);
    JsonObject json = JsonParser.parseString(text).getAsJsonObject();
    edit.accept(json);
    byte[] edited = json.toString().getBytes(StandardCharsets.UTF_8);
    ByteBuffer out =
        ByteBuffer.allocate(Long.BYTES + edited.length + bytes.remaining())
            .order(ByteOrder.LITTLE_ENDIAN);
    out.putLong(edited.length).put(edited).put(bytes);
    Files.write(file, out.array());
  }

  /** Splits the weights in two shards behind an index. */
  public static void shard(Path folder) throws IOException {
    Path whole = folder.resolve(WEIGHTS);
    JsonObject index = new JsonObject();
    JsonObject map = new JsonObject();
    List<List<String>> shards = List.of(new ArrayList<>(), new ArrayList<>());
    try (SafetensorsFile file = SafetensorsFile.open(whole)) {
      for (String name : file.tensors().keySet()) {
        int shard = name.startsWith("vision") ? 1 : 0;
        map.addProperty(name, shardName(shard));
        shards.get(shard).add(name);
      }
      for (int shard = 0; shard < shards.size(); shard++) {
        write(file, shards.get(shard), folder.resolve(shardName(shard)));
      }
    }
    index.add("weight_map", map);
    Files.writeString(folder.resolve(WEIGHTS + ".index.json"), index.toString());
    Files.delete(whole);
  }

  public static String shardName(int shard) {
    return String.format(Locale.ROOT, "model-%05d-of-00002.safetensors", shard + 1);
  }

  /** Writes some tensors of an open file to another. */
  static void write(SafetensorsFile from, List<String> names, Path target) throws IOException {
    JsonObject header = new JsonObject();
    long end = 0;
    for (String name : names) {
      TensorEntry entry = entry(from, name);
      JsonObject json = new JsonObject();
      json.addProperty("dtype", entry.dtypeName());
      json.add("shape", JsonParser.parseString(entry.shape().toString()));
      json.add(
          "data_offsets",
          JsonParser.parseString(
              String.format(Locale.ROOT, "[%d,%d]", end, end + entry.byteSize())));
      header.add(name, json);
      end += entry.byteSize();
    }
    byte[] text = header.toString().getBytes(StandardCharsets.UTF_8);
    ByteBuffer out =
        ByteBuffer.allocate(Math.toIntExact(Long.BYTES + text.length + end))
            .order(ByteOrder.LITTLE_ENDIAN);
    out.putLong(text.length).put(text);
    for (String name : names) {
      long size = entry(from, name).byteSize();
      from.read(name, out.limit(out.position() + Math.toIntExact(size)));
      out.limit(out.capacity());
    }
    Files.write(target, out.array());
  }

  private static TensorEntry entry(SafetensorsFile file, String name) {
    return Objects.requireNonNull(file.tensors().get(name), name);
  }

  /** Writes the weights again without one tensor. */
  static void drop(Path folder, String tensor) throws IOException {
    Path whole = folder.resolve(WEIGHTS);
    Path target = folder.resolve("kept");
    try (SafetensorsFile file = SafetensorsFile.open(whole)) {
      List<String> names = new ArrayList<>(file.tensors().keySet());
      names.remove(tensor);
      write(file, names, target);
    }
    Files.delete(whole);
    Files.move(target, whole);
  }

  private static Path picture(String name) {
    return HF_OPT.resolve("images").resolve(name);
  }

  /** Files in the folder that this process has open, as Linux lists them. */
  public static List<String> openFiles(Path folder) throws IOException {
    try (Stream<Path> descriptors = Files.list(Path.of("/proc/self/fd"))) {
      return descriptors
          .map(Fixture::target)
          .filter(target -> target.startsWith(folder.toString()))
          .toList();
    }
  }

  private static String target(Path descriptor) {
    try {
      return Files.readSymbolicLink(descriptor).toString();
    } catch (IOException e) {
      return ""; // closed since it was listed, as the listing's own
    }
  }

  /** A JPEG file whose EXIF data ask for a quarter turn (orientation 6). */
  static byte[] sidewaysJpeg(int width, int height) throws IOException {
    var out = new ByteArrayOutputStream();
    ImageIO.write(new BufferedImage(width, height, BufferedImage.TYPE_INT_RGB), "jpg", out);
    byte[] plain = out.toByteArray();
    int[] exif = {
      0xFF,
      0xE1,
      0,
      34,
      'E',
      'x',
      'i',
      'f',
      0,
      0,
      'M',
      'M',
      0,
      42,
      0,
      0,
      0,
      8, // header
      0,
      1,
      0x01,
      0x12,
      0,
      3,
      0,
      0,
      0,
      1,
      0,
      6,
      0,
      0,
      0,
      0,
      0,
      0 // one entry, no more
    };
    byte[] file = new byte[plain.length + exif.length];
    System.arraycopy(plain, 0, file, 0, 2); // the start marker
    IntStream.range(0, exif.length).forEach(i -> file[2 + i] = (byte) exif[i]);
    System.arraycopy(plain, 2, file, 2 + exif.length, plain.length - 2);
    return file;
  }
}
