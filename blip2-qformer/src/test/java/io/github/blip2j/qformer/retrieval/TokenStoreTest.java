package io.github.blip2j.qformer.retrieval;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import io.github.blip2j.tensor.InScope;
import io.github.blip2j.tensor.Tensor;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.api.io.TempDir;

@ExtendWith(InScope.class)
final class TokenStoreTest {
  @TempDir Path folder;
  private int room = Integer.MAX_VALUE;

  /** A disk that takes what it has room for, and then nothing. */
  private int write(FileChannel file, ByteBuffer bytes, long position) throws IOException {
    if (room == 0) {
      throw new IOException("No space left on device");
    }
    int taken = Math.min(room, bytes.remaining());
    ByteBuffer some = bytes.slice(bytes.position(), taken);
    int written = file.write(some, position);
    bytes.position(bytes.position() + written);
    room -= written;
    return written;
  }

  @Test
  void add_againAfterAFullDisk_keepsImagesInTheirPlaces() throws IOException {
    Tensor two = Tensor.of(new float[] {1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12}, 2, 3, 2);
    Tensor third = Tensor.of(new float[] {13, 14, 15, 16, 17, 18}, 1, 3, 2);
    try (TokenStore store = TokenStore.in(folder, this::write)) {
      store.add(third);
      room = 32; // a whole image of the two, and a third of the other
      assertThrows(IOException.class, () -> store.add(two));
      assertEquals(1, store.count());
      room = Integer.MAX_VALUE;
      store.add(two);

      assertEquals(3, store.count());
      assertArrayEquals(third.toFloats(), store.read(0).toFloats());
      assertArrayEquals(new float[] {1, 2, 3, 4, 5, 6}, store.read(1).toFloats());
      assertArrayEquals(new float[] {7, 8, 9, 10, 11, 12}, store.read(2).toFloats());
    }
  }
}
