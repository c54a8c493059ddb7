package io.github.blip2j.fuzz;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.zip.CRC32;
import java.util.zip.ZipEntry;
import java.util.zip.ZipOutputStream;

/** PyTorch's files; an input that begins like a pickle is packed into an archive first. */
public final class TorchTarget {
  private static final Path FILE = Scratch.folder("torch").resolve("m.pth");
  private static final int PICKLE = 0x80;
  private static final int LONG1 = 0x8A; // with which files of before PyTorch 1.6 begin

  private TorchTarget() {}

  /** Opens one file. */
  public static void fuzzerTestOneInput(byte[] data) throws IOException {
    boolean pickle = data.length > 3 && (data[0] & 0xFF) == PICKLE && (data[2] & 0xFF) != LONG1;
    TensorFiles.read(FILE, pickle ? archive(data) : data);
  }

  private static byte[] archive(byte[] pickle) throws IOException {
    var bytes = new ByteArrayOutputStream();
    try (var zip = new ZipOutputStream(bytes)) {
      zip.setMethod(ZipOutputStream.STORED);
      put(zip, "a/data.pkl", pickle);
      put(zip, "a/data/0", new byte[64]);
      put(zip, "a/data/1", new byte[8]);
      put(zip, "a/version", "3\n".getBytes(StandardCharsets.US_ASCII));
    }
    return bytes.toByteArray();
  }

  private static void put(ZipOutputStream zip, String name, byte[] bytes) throws IOException {
    var entry = new ZipEntry(name);
    var sum = new CRC32();
    sum.update(bytes);
    entry.setCrc(sum.getValue());
    entry.setSize(bytes.length);
    entry.setCompressedSize(bytes.length);
    zip.putNextEntry(entry);
    zip.write(bytes);
    zip.closeEntry();
  }
}
