package io.github.blip2j.qformer.retrieval;

import io.github.blip2j.distributed.RankBytes;
import io.github.blip2j.distributed.Ranks;
import java.io.IOException;
import java.util.zip.CRC32;
import org.jspecify.annotations.Nullable;

/**
 * Keeps what an index computes of texts and pairs, so that a later run, with the same model, images
 * and texts, computes the rest alone.
 */
public interface IndexJournal {
  /** A journal that keeps nothing. */
  IndexJournal NONE =
      new IndexJournal() {
        @Override
        public float @Nullable [] get(String key) {
          return null;
        }

        @Override
        public void put(String key, float[] numbers) {}
      };

  /** The numbers of a key, or null if there are none. */
  float @Nullable [] get(String key);

  /** Keeps numbers. */
  void put(String key, float[] numbers) throws IOException;

  /** A key that changes with what the numbers are of. */
  static String key(String what, int number, int[]... of) {
    var sum = new CRC32();
    for (int[] each : of) {
      for (int value : each) {
        for (int shift = 0; shift < Integer.SIZE; shift += Byte.SIZE) {
          sum.update(value >>> shift);
        }
      }
      sum.update(each.length);
    }
    return what + " " + number + " " + Long.toHexString(sum.getValue());
  }

  /** What the first rank's journal has of a key, on all ranks, or null. */
  static float @Nullable [] ofFirst(Ranks ranks, IndexJournal journal, String key) {
    if (ranks.areAlone()) {
      return journal.get(key);
    }
    float @Nullable [] own = ranks.isFirst() ? journal.get(key) : null;
    byte[] first = ranks.ofFirst(own == null ? new byte[0] : RankBytes.of(own));
    return first.length == 0 ? null : RankBytes.floats(first);
  }
}
