package io.github.blip2j.blip2.checkpoint.lavis;

import io.github.blip2j.blip2.checkpoint.files.TensorCopy;
import io.github.blip2j.blip2.checkpoint.hf.HuggingFaceNames;
import io.github.blip2j.io.Checkpoint;
import io.github.blip2j.io.file.CheckpointException;
import io.github.blip2j.io.tensor.TensorEntry;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;

/** The planner of a conversion from Hugging Face to LAVIS. */
final class HuggingFacePlanner {
  private static final int CHUNK = 1 << 20;

  private final Path folder;
  private final Checkpoint from;
  private final KeyBias keyBias;

  HuggingFacePlanner(Path folder, Checkpoint from, KeyBias keyBias) {
    this.folder = folder;
    this.from = from;
    this.keyBias = keyBias;
  }

  ConversionPlan plan() throws IOException {
    List<TensorCopy> shared = new ArrayList<>();
    String language = LavisNames.languageOf(folder, from.tensors());
    for (TensorEntry entry : from.tensors().values()) {
      String name =
          ConversionPlan.known(
              NameTranslation.toLavis(entry.name(), language), folder, entry.name());
      if (entry.name().endsWith(HuggingFaceNames.FUSED_BIAS)) {
        splitBias(entry, name, shared);
      } else {
        shared.add(TensorCopy.whole(name, entry));
      }
    }
    return new ConversionPlan(shared, List.of());
  }

  private void splitBias(TensorEntry fused, String name, List<TensorCopy> to) throws IOException {
    String block = name.substring(0, name.length() - LavisNames.FUSED_BIAS.length());
    to.add(TensorCopy.third(block + LavisNames.QUERY_BIAS, fused, 0));
    if (!isKeyBiasZero(fused)) {
      if (keyBias == KeyBias.REFUSE) {
        throw new CheckpointException(
            String.format(
                Locale.ROOT,
                "%s: %s expected zeros in its middle third, got a bias of keys, which LAVIS has not; %s",
                folder,
                fused.name(),
                "KeyBias.KEEP keeps it"));
      }
      to.add(TensorCopy.third(block + LavisNames.KEY_BIAS, fused, 1));
    }
    to.add(TensorCopy.third(block + LavisNames.VALUE_BIAS, fused, 2));
  }

  private boolean isKeyBiasZero(TensorEntry fused) throws IOException {
    long third = fused.byteSize() / 3;
    for (long at = 0; at < third; at += CHUNK) {
      ByteBuffer bytes = ByteBuffer.allocate((int) Math.min(CHUNK, third - at));
      from.read(fused.name(), third + at, bytes);
      bytes.flip();
      while (bytes.hasRemaining()) {
        if (bytes.get() != 0) {
          return false;
        }
      }
    }
    return true;
  }
}
