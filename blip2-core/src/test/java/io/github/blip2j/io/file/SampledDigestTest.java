package io.github.blip2j.io.file;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotEquals;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

final class SampledDigestTest {
  private static final int SIZE = 1000;
  private static final SampledDigest.Samples SAMPLES = new SampledDigest.Samples(4, 10);

  /** The first bytes of the four blocks: 0, 330, 660 and 990. */
  private static final int[] READ = {0, 9, 330, 339, 660, 990, 999};

  private static final int[] NOT_READ = {10, 329, 340, 659, 989};

  @TempDir private Path folder;

  private String digest(byte[] bytes) throws IOException {
    Path file = Files.write(folder.resolve("file"), bytes);
    var digest = new SampledDigest();
    digest.addSamples(file, SAMPLES);
    return digest.hex();
  }

  private static byte[] bytes(int size) {
    byte[] bytes = new byte[size];
    new Random(3).nextBytes(bytes);
    return bytes;
  }

  @Test
  void samples_ofALargeFile_areItsBlocks() throws IOException {
    String before = digest(bytes(SIZE));

    for (int at : READ) {
      byte[] changed = bytes(SIZE);
      changed[at]++;
      assertNotEquals(before, digest(changed), "byte " + at);
    }
    for (int at : NOT_READ) {
      byte[] changed = bytes(SIZE);
      changed[at]++;
      assertEquals(before, digest(changed), "byte " + at);
    }
    assertNotEquals(before, digest(bytes(SIZE + 1)));
  }

  @Test
  void samples_ofASmallFile_areAllOfIt() throws IOException {
    String before = digest(bytes(40));

    for (int at = 0; at < 40; at++) {
      byte[] changed = bytes(40);
      changed[at]++;
      assertNotEquals(before, digest(changed), "byte " + at);
    }
  }
}
