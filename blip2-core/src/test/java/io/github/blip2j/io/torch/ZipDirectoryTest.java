package io.github.blip2j.io.torch;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import io.github.blip2j.io.PickleBytes;
import io.github.blip2j.io.file.CheckpointException;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.Locale;
import java.util.Map;
import java.util.zip.ZipEntry;
import java.util.zip.ZipOutputStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Archives that are damaged, lie, or come from elsewhere. */
final class ZipDirectoryTest {
  private static final long[] SIZE = {2, 3};
  private static final long[] STRIDE = {3, 1};

  private final Path folder;

  ZipDirectoryTest(@TempDir Path folder) {
    this.folder = folder;
  }

  @Test
  void open_compressedArchive_isRefused() throws IOException {
    Path file = folder.resolve("a.pth");
    try (var zip = new ZipOutputStream(Files.newOutputStream(file))) {
      zip.putNextEntry(new ZipEntry("a/data.pkl"));
      zip.write(PickleBytes.tensor(0, SIZE, STRIDE).stop());
    }

    assertEquals(
        "a.pth: zip entry a/data.pkl expected as it is, got it compressed; write it by torch.save",
        failure(file));
  }

  @Test
  void open_archiveWithAComment_isRead() throws IOException {
    Path file = PickleBytes.tensor(0, SIZE, STRIDE).saveIn(folder);
    byte[] bytes = Files.readAllBytes(file);
    bytes[bytes.length - 2] = 5; // the comment's length
    Files.write(file, concat(bytes, "hello".getBytes(StandardCharsets.US_ASCII)));

    try (TorchFile open = TorchFile.open(file)) {
      assertEquals(1, open.tensors().size());
    }
  }

  @Test
  void open_archiveOfSomethingElse_isRefused() {
    Path file = PickleBytes.zip(folder.resolve("a.pth"), Map.of("a/b", new byte[1]));

    assertEquals(
        "a.pth: data.pkl expected in the zip archive, got none; check the path", failure(file));
  }

  @Test
  void open_torchScript_isRefused() {
    Map<String, byte[]> entries = new LinkedHashMap<>();
    entries.put("a/data.pkl", PickleBytes.start().ops('}').stop());
    entries.put("a/constants.pkl", new byte[1]);

    assertEquals(
        "a.pth: weights expected, got a TorchScript program; save its state_dict()",
        failure(PickleBytes.zip(folder.resolve("a.pth"), entries)));
  }

  @Test
  void open_bigEndianNumbers_areRefused() {
    Map<String, byte[]> entries = new LinkedHashMap<>();
    entries.put("a/data.pkl", PickleBytes.tensor(0, SIZE, STRIDE).stop());
    entries.put("a/data/0", new byte[24]);
    entries.put("a/byteorder", "big".getBytes(StandardCharsets.US_ASCII));

    assertEquals(
        "a.pth: numbers expected little-endian, got big-endian; save them on a PC",
        failure(PickleBytes.zip(folder.resolve("a.pth"), entries)));
  }

  @Test
  void open_bigEndianLegacyFile_isRefused() throws IOException {
    Path file = folder.resolve("a.pth");
    byte[] bytes = Files.readAllBytes(Path.of("src/test/resources/golden/torch/types_legacy.pth"));
    String text = new String(bytes, StandardCharsets.ISO_8859_1);
    int at = text.indexOf("little_endian") + "little_endian".length();
    while (bytes[at] != (byte) 0x88) { // True, behind the memo's opcode
      at++;
    }
    bytes[at] = (byte) 0x89;
    Files.write(file, bytes);

    assertEquals(
        "a.pth: numbers expected little-endian, got big-endian; save them on a PC", failure(file));
  }

  @Test
  void open_gitPointerOrText_isRefused() throws IOException {
    Path file = folder.resolve("a.pth");

    Files.writeString(file, "version https://git-lfs.github.com/spec/v1\n");
    assertEquals("a.pth: tensors expected, got a Git LFS pointer; run git lfs pull", failure(file));
    Files.writeString(file, "L119547037146038801333356L\n.L1001L\n."); // of protocol 0 or 1
    assertEquals(
        "a.pth: pickle of protocol 2 or later expected, got an older one; save with"
            + " pickle_protocol=2 or higher, PyTorch's default",
        failure(file));
    Files.writeString(file, "hello");
    assertEquals(
        "a.pth: safetensors or file of torch.save expected, got neither; check the path",
        failure(file));
    Files.writeString(file, "");
    assertEquals(
        "a.pth: safetensors or file of torch.save expected, got neither; check the path",
        failure(file));
  }

  @Test
  void open_archiveWithoutItsEnd_isRefused() throws IOException {
    Path file = PickleBytes.tensor(0, SIZE, STRIDE).saveIn(folder);
    byte[] bytes = Files.readAllBytes(file);
    Files.write(file, Arrays.copyOf(bytes, bytes.length - 30));

    assertEquals(
        "a.pth: zip directory expected at the end, got none; copy the file again", failure(file));
  }

  @Test
  void open_directoryOutsideTheFile_isRefused() throws IOException {
    ByteBuffer bytes = archive();
    int end = bytes.limit() - 22;
    bytes.putInt(end + 16, end + 1);

    assertEquals(
        String.format(
            Locale.ROOT,
            "a.pth: zip directory expected within %d bytes, got %d bytes from %d; %s",
            end,
            bytes.getInt(end + 12),
            end + 1,
            "the file is truncated, copy it again"),
        failure(write(bytes)));
  }

  @Test
  void open_sixtyFourBitsWithoutTheirRecord_areRefused() throws IOException {
    ByteBuffer bytes = archive();
    bytes.putInt(bytes.limit() - 22 + 16, -1);

    assertEquals(
        "a.pth: zip directory of 64 bits expected, got none; copy the file again",
        failure(write(bytes)));
  }

  @Test
  void open_entryLargerThanTheFile_isRefused() throws IOException {
    ByteBuffer bytes = archive();
    int record = bytes.getInt(bytes.limit() - 22 + 16);
    bytes.putInt(record + 20, 1 << 30).putInt(record + 24, 1 << 30);

    assertEquals(
        String.format(
            Locale.ROOT,
            "a.pth: zip entry a/data.pkl expected before byte %d, got 1073741824 bytes from 0; %s",
            record,
            "the file is damaged, copy it again"),
        failure(write(bytes)));
  }

  @Test
  void open_entrySizeMissingItsSixtyFourBits_isRefused() throws IOException {
    ByteBuffer bytes = archive();
    bytes.putInt(bytes.getInt(bytes.limit() - 22 + 16) + 24, -1);

    assertEquals(
        "a.pth: zip directory expected a value of 64 bits, got none", failure(write(bytes)));
  }

  @Test
  void open_entryOutsideTheFile_isRefused() throws IOException {
    ByteBuffer bytes = archive();
    int record = bytes.getInt(bytes.limit() - 22 + 16);
    bytes.putInt(record + 42, record);

    assertEquals(
        String.format(
            Locale.ROOT,
            "a.pth: zip entry a/data.pkl expected before byte %d, got %d bytes from %d; %s",
            record,
            bytes.getInt(record + 24),
            record,
            "the file is damaged, copy it again"),
        failure(write(bytes)));
  }

  @Test
  void open_recordOfAnotherKind_isRefused() throws IOException {
    ByteBuffer bytes = archive();
    bytes.putInt(bytes.getInt(bytes.limit() - 22 + 16), 0);

    assertEquals(
        "a.pth: zip directory expected a record at its byte 0, got none", failure(write(bytes)));
  }

  @Test
  void open_recordWithALongName_isRefused() throws IOException {
    ByteBuffer bytes = archive();
    bytes.putShort(bytes.getInt(bytes.limit() - 22 + 16) + 28, (short) -1);

    assertEquals(
        "a.pth: zip directory expected a record at its byte 0, got part of one",
        failure(write(bytes)));
  }

  @Test
  void open_entryTwice_isRefused() throws IOException {
    ByteBuffer bytes = archive();
    int record = bytes.getInt(bytes.limit() - 22 + 16);
    // "a/data.pkl" becomes "a/data/0", as the second is called, and two bytes of extra field.
    bytes.put(record + 46, "a/data/0AB".getBytes(StandardCharsets.US_ASCII));
    bytes.putShort(record + 28, (short) 8).putShort(record + 30, (short) 2);

    assertEquals(
        "a.pth: zip entries expected to differ, got one name twice at byte 56",
        failure(write(bytes)));
  }

  private ByteBuffer archive() throws IOException {
    Path file = PickleBytes.tensor(0, SIZE, STRIDE).saveIn(folder);
    return ByteBuffer.wrap(Files.readAllBytes(file)).order(ByteOrder.LITTLE_ENDIAN);
  }

  private Path write(ByteBuffer bytes) throws IOException {
    byte[] whole = new byte[bytes.limit()];
    bytes.get(0, whole);
    return Files.write(folder.resolve("a.pth"), whole);
  }

  private static byte[] concat(byte[] first, byte[] second) {
    byte[] both = Arrays.copyOf(first, first.length + second.length);
    System.arraycopy(second, 0, both, first.length, second.length);
    return both;
  }

  private static String failure(Path file) {
    var thrown = assertThrows(CheckpointException.class, () -> TorchFile.open(file));
    return String.valueOf(thrown.getMessage());
  }
}
