package io.github.blip2j.io.safetensors;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import io.github.blip2j.io.file.CheckpointException;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Locale;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Headers that don't describe their file, each with the message its owner sees. */
final class SafetensorsHeaderTest {
  private final Path folder;

  SafetensorsHeaderTest(@TempDir Path folder) {
    this.folder = folder;
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      quoteCharacter = '`',
      textBlock =
          """
          {'a':{'shape':[8],'data_offsets':[0,8]}}                | dtype of tensor a is missing
          {'a':{'dtype':null,'shape':[8],'data_offsets':[0,8]}}   | dtype of tensor a is missing
          {'a':{'dtype':'U8','data_offsets':[0,8]}}               | shape of tensor a is missing
          {'a':{'dtype':'U8','shape':[8]}}                        | data_offsets of tensor a is missing
          {'a':{'dtype':7,'shape':[8],'data_offsets':[0,8]}}      | dtype of tensor a expected a string, got 7
          {'a':{'dtype':'U8','shape':8,'data_offsets':[0,8]}}     | shape of tensor a expected a list, got 8
          {'a':{'dtype':'U8','shape':[-8],'data_offsets':[0,8]}}  | shape of tensor a expected integers from 0 to 10^18, got -8
          {'a':{'dtype':'U8','shape':[8.0],'data_offsets':[0,8]}} | shape of tensor a expected integers from 0 to 10^18, got 8.0
          {'a':{'dtype':'U8','shape':['8'],'data_offsets':[0,8]}} | shape of tensor a expected integers from 0 to 10^18, got "8"
          {'a':{'dtype':'U8','shape':[8],'data_offsets':[-1,7]}}  | data_offsets of tensor a expected integers from 0 to 10^18, got -1
          {'a':{'dtype':'U8','shape':[8],'data_offsets':[8]}}     | data_offsets of tensor a expected [begin, end], got [8]
          {'a':{'dtype':'U8','shape':[8],'data_offsets':[8,0]}}   | data_offsets of tensor a expected [begin, end], got [8, 0]
          {'a':{'dtype':'F32','shape':[1],'data_offsets':[0,8]}}  | tensor a expected 4 bytes for F32 [1], got 8
          {'a':5}                                                 | tensor a expected an object, got 5
          {'a':{'dtype':'U8','shape':[8e0],'data_offsets':[0,8]}} | shape of tensor a expected integers from 0 to 10^18, got 8e0
          {'a':{'dtype':'U8','shape':[-0],'data_offsets':[0,8]}}  | shape of tensor a expected integers from 0 to 10^18, got -0
          {'a':{'dtype':'U8','shape':[null],'data_offsets':[0,8]}} | shape of tensor a expected integers from 0 to 10^18, got null
          {'a':{'dtype':'U8','shape':[[8]],'data_offsets':[0,8]}} | shape of tensor a expected integers from 0 to 10^18, got a list of 1
          {'a':{'dtype':'U8','shape':[8],'data_offsets':[0,18446744073709551616]}} | data_offsets of tensor a expected integers from 0 to 10^18, got 18446744073709551616
          {'a':{'dtype':'U8','shape':[8],'data_offsets':[0,8,8]}} | data_offsets of tensor a expected [begin, end], got [0, 8, 8]
          {'a':{'dtype':'U8','dtype':'U8','shape':[8],'data_offsets':[0,8]}} | header: keys expected to differ, got "dtype" twice
          {'a':{'dtype':'F8_E4M3','shape':[7],'data_offsets':[0,8]}} | tensor a expected 7 bytes for F8_E4M3 [7], got 8
          {'a':{'dtype':'C64','shape':[2],'data_offsets':[0,8]}}  | tensor a expected 16 bytes for C64 [2], got 8
          {'a':{'dtype':'F4','shape':[15],'data_offsets':[0,8]}}  | tensor a expected 7 bytes for F4 [15], got 8
          {'a':{'dtype':'F4','shape':[17],'data_offsets':[0,8]}}  | tensor a expected 8 bytes for F4 [17], got 8
          {'__metadata__':{'k':'v','k':'v'}}                      | header: keys expected to differ, got "k" twice
          {'__metadata__':{},'__metadata__':{}}                   | header: keys expected to differ, got "__metadata__" twice
          {'__metadata__':[1,2]}                                  | __metadata__ expected an object, got a list of 2
          {'__metadata__':5}                                      | __metadata__ expected an object, got 5
          {'__metadata__':{'k':5}}                                | __metadata__.k expected a string, got 5
          """)
  void open_badEntry_isNamed(String header, String message) throws IOException {
    assertEquals("model.safetensors: " + message, failure(header, 8));
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      quoteCharacter = '`',
      textBlock =
          """
          # past the end
          {'a.weight':{'dtype':'U8','shape':[800],'data_offsets':[0,800]}} | 600 | tensor a.weight ends at byte 872, past the end of the file (672 bytes); the file is truncated, copy it again
          # more bytes than a long counts
          {'a':{'dtype':'F32','shape':[4294967296,4294967296],'data_offsets':[0,0]}} | 0 | shape of tensor a expected fewer than 2^63 bytes, got [4294967296, 4294967296]
          # an overlap
          {'a':{'dtype':'U8','shape':[4],'data_offsets':[0,4]},'b':{'dtype':'U8','shape':[4],'data_offsets':[3,7]}} | 7 | tensor b expected to begin at byte 117, where the one before it ends, got 116
          # a hole
          {'a':{'dtype':'U8','shape':[4],'data_offsets':[1,5]}} | 5 | tensor a expected to begin at byte 61, where the one before it ends, got 62
          # bytes after the last tensor
          {'a':{'dtype':'U8','shape':[4],'data_offsets':[0,4]}} | 9 | tensors expected to end with the file at byte 70, got 65
          # the same name twice
          {'a':{'dtype':'U8','shape':[4],'data_offsets':[0,4]},'a':{'dtype':'U8','shape':[4],'data_offsets':[0,4]}} | 4 | header: keys expected to differ, got "a" twice
          """)
  void open_tensorsThatDoNotFillTheFile_areNamed(String header, int dataBytes, String message)
      throws IOException {
    assertEquals("model.safetensors: " + message, failure(header, dataBytes));
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      quoteCharacter = '`',
      textBlock =
          """
          [1]     | JSON object expected, got a list of 1 at the top
          7       | JSON object expected, got 7 at the top
          {a:1}   | JSON expected, got malformed text
          {'a'    | JSON expected, got malformed text
          {}{}    | JSON expected, got malformed text
          ``      | JSON expected, got malformed text
          """)
  void open_headerThatIsNoObject_isRefused(String header, String message) throws IOException {
    assertEquals("model.safetensors: header: " + message, failure(header, 0));
  }

  @Test
  void open_deepNesting_isRefusedWithoutOverflowingTheStack() throws IOException {
    assertEquals(
        "model.safetensors: header: JSON expected, got malformed text",
        failure("{'a':" + "[".repeat(1_000_000), 0));
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      quoteCharacter = '`',
      textBlock =
          """
          {'a':{'dtype':'U8','shape':[8],'data_offsets':[0,8],'more':{'b':[1,{}]}}}
          {'__metadata__':null,'a':{'dtype':'F4','shape':[2,8],'data_offsets':[0,8]}}
          {'a':{'data_offsets':[0,8],'shape':[8],'dtype':'A_TYPE_OF_LATER'}}
          {'a':{'dtype':'U8','shape':[0,1000000000000000],'data_offsets':[0,0]},'b':{'dtype':'U8','shape':[8],'data_offsets':[0,8]}}
          """)
  void open_whatPythonsReaderTakesToo_isRead(String header) throws IOException {
    Path path = Files.write(folder.resolve("model.safetensors"), file(header, 8));

    try (SafetensorsFile file = SafetensorsFile.open(path)) {
      assertEquals("a", file.tensors().firstKey());
    }
  }

  @Test
  void open_endlessLists_areRefusedBeforeTheirEnd() throws IOException {
    String ones = "1,".repeat(10_000_000); // one list of them as values would take a gigabyte

    assertEquals(
        "model.safetensors: shape of tensor a expected at most 1000 numbers, got more",
        failure("{'a':{'shape':[" + ones + "1]}}", 0));
    assertEquals(
        "model.safetensors: header: JSON object expected, got a list of many at the top",
        failure("[" + ones + "1]", 0));
    assertEquals(
        "model.safetensors: dtype of tensor a is missing",
        failure("{'a':{'other':[" + ones + "1]}}", 0));
  }

  @Test
  void open_veryLongName_isShortenedInTheMessage() throws IOException {
    String message = failure("{'" + "n".repeat(1_000_000) + "':5}", 0);

    assertEquals("model.safetensors: tensor nnn", message.substring(0, 29));
    assertEquals(2022, message.length());
  }

  @Test
  void open_headerThatIsNotUtf8_isRefused() throws IOException {
    ByteBuffer bytes = ByteBuffer.allocate(10).order(ByteOrder.LITTLE_ENDIAN).putLong(2);
    bytes.put((byte) '{').put((byte) 0xff);

    assertEquals(
        "model.safetensors: header: text expected UTF-8, got other bytes", failure(bytes.array()));
  }

  @Test
  void open_sevenBytes_blamesTruncation() throws IOException {
    assertEquals(
        "model.safetensors: file expected at least 8 bytes, got 7; the file is truncated, copy it"
            + " again",
        failure(new byte[7]));
  }

  @Test
  void open_headerLengthOutOfRange_saysTheFileIsSomethingElse() throws IOException {
    String expected =
        "model.safetensors: header length expected 0 to 100000000 bytes, got %s; the file is not"
            + " safetensors";

    assertEquals(
        String.format(Locale.ROOT, expected, "18446744073709551615"), failure(lengthOnly(-1)));
    assertEquals(
        String.format(Locale.ROOT, expected, "100000001"), failure(lengthOnly(100_000_001)));
  }

  @Test
  void open_headerPastTheEnd_blamesTruncation() throws IOException {
    assertEquals(
        "model.safetensors: header ends at byte 108, past the end of the file (8 bytes); the file"
            + " is truncated, copy it again",
        failure(lengthOnly(100)));
  }

  @Test
  void open_gitLfsPointer_saysWhatToRun() throws IOException {
    String pointer = "version https://git-lfs.github.com/spec/v1\noid sha256:00\nsize 12\n";

    assertEquals(
        "model.safetensors: tensors expected, got a Git LFS pointer; run git lfs pull",
        failure(pointer.getBytes(StandardCharsets.UTF_8)));
  }

  @Test
  void open_missingFile_namesThePath() {
    Path path = folder.resolve("none.safetensors");

    var thrown = assertThrows(CheckpointException.class, () -> SafetensorsFile.open(path));

    assertEquals(path + ": file expected, got none; check the path", thrown.getMessage());
  }

  private static byte[] lengthOnly(long length) {
    return ByteBuffer.allocate(8).order(ByteOrder.LITTLE_ENDIAN).putLong(length).array();
  }

  private String failure(String header, int dataBytes) throws IOException {
    return failure(file(header, dataBytes));
  }

  private static byte[] file(String header, int dataBytes) {
    byte[] json = header.replace('\'', '"').getBytes(StandardCharsets.UTF_8);
    ByteBuffer bytes =
        ByteBuffer.allocate(8 + json.length + dataBytes).order(ByteOrder.LITTLE_ENDIAN);
    return bytes.putLong(json.length).put(json).array();
  }

  private String failure(byte[] bytes) throws IOException {
    Path path = Files.write(folder.resolve("model.safetensors"), bytes);
    var thrown = assertThrows(CheckpointException.class, () -> SafetensorsFile.open(path));
    return String.valueOf(thrown.getMessage());
  }
}
