package io.github.blip2j.qformer;

import io.github.blip2j.io.Checkpoint;
import io.github.blip2j.nn.CheckpointWeights;
import io.github.blip2j.nn.Init;
import io.github.blip2j.nn.Weights;
import io.github.blip2j.tensor.Tensor;
import io.github.blip2j.tensor.types.Shape;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.List;
import java.util.Set;
import java.util.TreeSet;
import java.util.random.RandomGenerator;
import org.jspecify.annotations.Nullable;

/**
 * The initial weights of a Q-Former from a plain BERT (Li et al. 2023, section 3.1).
 *
 * <p>The BERT's tensors are loaded. The queries' MLPs are copies of the text's. The token embedding
 * gets the further rows of the configuration, such as one for {@code [DEC]}. Everything else, in
 * particular the cross-attention, is randomly initialized: matrices and rows from N(0, 0.02), or
 * with {@code initializer_range} of the BERT's config as the deviation; biases 0.
 */
public final class PlainBertWeights implements Weights {
  private static final String COPY = ".queryMlp.";
  private static final String ORIGINAL = ".textMlp.";
  private static final String DRAWN = ".imageAttention.";

  private final Weights stored;
  private final String body;
  private final String head;
  private final RandomGenerator random;
  private final double deviation;

  private PlainBertWeights(
      Weights stored, String body, String head, RandomGenerator random, double deviation) {
    this.stored = stored;
    this.body = body;
    this.head = head;
    this.random = random;
    this.deviation = deviation;
  }

  /**
   * The weights of a model with a {@link BertLMHeadModel} at {@code path}.
   *
   * @param origin the BERT's folder, for messages
   * @param checkpoint the BERT, open while the model is built
   */
  public static PlainBertWeights of(
      String origin, Checkpoint checkpoint, String path, RandomGenerator random) {
    return at(origin, checkpoint, path + ".bert", path + ".head", random, Init.USUAL_DEVIATION);
  }

  /**
   * The weights of a {@link Blip2Qformer} at the root.
   *
   * @param origin the BERT's folder, for messages
   * @param checkpoint the BERT, open while the model is built
   * @param deviation of the drawn weights, {@code initializer_range} of the BERT's config
   */
  public static PlainBertWeights ofStageOne(
      String origin, Checkpoint checkpoint, RandomGenerator random, double deviation) {
    return at(origin, checkpoint, "qformer", "head", random, deviation);
  }

  private static PlainBertWeights at(
      String origin,
      Checkpoint checkpoint,
      String body,
      String head,
      RandomGenerator random,
      double deviation) {
    var keys = BertNames.ofQFormer(checkpoint.tensors().keySet(), body, head);
    return new PlainBertWeights(
        new CheckpointWeights(origin, checkpoint, keys), body, head, random, deviation);
  }

  @Override
  public String origin() {
    return stored.origin();
  }

  @Override
  public @Nullable Stored find(String name) throws IOException {
    return isStored(name) ? stored.find(original(name)) : null;
  }

  @Override
  public String storedName(String name) {
    return stored.storedName(original(name));
  }

  @Override
  public void read(String name, long byteOffset, ByteBuffer into) throws IOException {
    stored.read(original(name), byteOffset, into);
  }

  @Override
  public Set<String> unused(Set<String> used) {
    Set<String> originals = new TreeSet<>();
    used.forEach(name -> originals.add(original(name)));
    return stored.unused(originals);
  }

  @Override
  public @Nullable Tensor initial(String name, Shape shape, Init init) throws IOException {
    if (!isStored(name)) {
      return init.withDeviation(deviation).draw(shape, random);
    }
    boolean perToken =
        name.equals(body + ".embeddings.words.weight") || name.equals(head + ".bias");
    Stored found = perToken ? stored.find(name) : null;
    if (found == null || found.shape().rank() != shape.rank()) {
      return null;
    }
    long rows = found.shape().dim(0);
    if (rows >= shape.dim(0) || !found.shape().equals(shape.with(0, rows))) {
      return null; // as it is, or misshapen, which the load reports
    }
    Tensor read =
        Tensor.read(name, found.dtype(), found.shape(), (at, into) -> stored.read(name, at, into));
    Tensor drawn = init.withDeviation(deviation).draw(shape.with(0, shape.dim(0) - rows), random);
    return Tensor.concat(0, List.of(read.to(drawn.dtype()), drawn));
  }

  /** Whether the BERT has the parameter, possibly under another name. */
  private boolean isStored(String name) {
    boolean inside = name.startsWith(body + ".") || name.startsWith(head + ".");
    return inside && !name.contains(DRAWN);
  }

  private static String original(String name) {
    return name.replace(COPY, ORIGINAL);
  }
}
