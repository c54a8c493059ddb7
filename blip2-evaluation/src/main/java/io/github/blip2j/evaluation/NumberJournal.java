package io.github.blip2j.evaluation;

import com.google.gson.JsonObject;
import io.github.blip2j.qformer.retrieval.IndexJournal;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.Base64;
import org.jspecify.annotations.Nullable;

/** Numbers in a run's journal: float32, little-endian, in Base64. */
final class NumberJournal implements IndexJournal {
  private static final String NUMBERS = "numbers";

  private final RunJournal journal;

  NumberJournal(RunJournal journal) {
    this.journal = journal;
  }

  @Override
  public float @Nullable [] get(String key) {
    @Nullable JsonObject kept = journal.get(key);
    if (kept == null) {
      return null;
    }
    ByteBuffer bytes =
        ByteBuffer.wrap(Base64.getDecoder().decode(kept.get(NUMBERS).getAsString()))
            .order(ByteOrder.LITTLE_ENDIAN);
    float[] numbers = new float[bytes.remaining() / Float.BYTES];
    bytes.asFloatBuffer().get(numbers);
    return numbers;
  }

  @Override
  public void put(String key, float[] numbers) throws IOException {
    ByteBuffer bytes =
        ByteBuffer.allocate(numbers.length * Float.BYTES).order(ByteOrder.LITTLE_ENDIAN);
    bytes.asFloatBuffer().put(numbers);
    var kept = new JsonObject();
    kept.addProperty(NUMBERS, Base64.getEncoder().encodeToString(bytes.array()));
    journal.add(key, kept);
  }
}
