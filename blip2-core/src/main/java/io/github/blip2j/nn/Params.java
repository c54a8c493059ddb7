package io.github.blip2j.nn;

import io.github.blip2j.backend.PackedWeight;
import io.github.blip2j.io.file.CheckpointException;
import io.github.blip2j.tensor.Scope;
import io.github.blip2j.tensor.Tensor;
import io.github.blip2j.tensor.types.DType;
import io.github.blip2j.tensor.types.Precision;
import io.github.blip2j.tensor.types.Shape;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Locale;
import java.util.NavigableMap;
import java.util.NavigableSet;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.function.UnaryOperator;
import org.jspecify.annotations.Nullable;

/**
 * The source of a module's parameters: a checkpoint, or random initialization.
 *
 * <p>It works like a directory handle. A module asks for {@code "weight"}; the handle knows that at
 * its path this means {@code "qformer.layers.0.attention.query.weight"}. Modules are therefore
 * built and loaded by the same code, and each name is written once. A load is strict: {@link
 * #finish} reports everything missing, unused or misshapen together.
 */
public final class Params {
  private static final int COMPARED_BYTES = 1 << 20;
  // Far more than a model of the wrong kind lacks; a file may claim a billion layers.
  private static final int MOST_PROBLEMS = 10_000;

  private final String path;
  private final @Nullable Precision packed; // null: plain float32, to be trained
  private final Set<String> plainParts; // paths that are not packed
  private final PackedWeight.Use use;
  private final Load load;

  /** One load: what all cursors of a model share. */
  private static final class Load {
    private final Weights weights;
    private final Scope home;
    private final boolean reads; // or only checks names and shapes
    private final NavigableMap<String, Parameter> parameters = new TreeMap<>();
    private final List<Set<String>> copies = new ArrayList<>();
    private final List<String> missing = new ArrayList<>();
    private final List<String> wrong = new ArrayList<>();

    Load(Weights weights, Scope home, boolean reads) {
      this.weights = weights;
      this.home = home;
      this.reads = reads;
    }

    int problems() {
      return missing.size() + wrong.size();
    }

    /** Stored tensors that are neither a parameter nor a copy of one. */
    Set<String> unused() {
      Set<String> used = new TreeSet<>(parameters.keySet());
      for (Set<String> pair : copies) {
        if (!Collections.disjoint(pair, used)) {
          used.addAll(pair);
        }
      }
      return weights.unused(used);
    }

    /** A parameter with its name in the checkpoint, if that is another. */
    String named(String name) {
      String stored = weights.storedName(name);
      return stored.equals(name) ? name : name + " (looked for as " + stored + ")";
    }

    CheckpointException report(Set<String> unused) {
      List<String> parts = new ArrayList<>();
      describe(parts, missing.stream().map(this::named).toList(), "missing");
      describe(parts, wrong, "of another shape or type");
      describe(parts, List.copyOf(unused), "unused");
      return new CheckpointException(
          String.format(
              Locale.ROOT,
              "%s: tensors expected to fit the configuration, got %s",
              weights.origin(),
              String.join(", ", parts)));
    }
  }

  private Params(
      String path,
      @Nullable Precision packed,
      Set<String> plainParts,
      PackedWeight.Use use,
      Load load) {
    this.path = path;
    this.packed = plainParts.contains(path) ? null : packed;
    this.plainParts = plainParts;
    this.use = use;
    this.load = load;
  }

  /**
   * The root of a model whose parameters come from {@code weights} and belong to {@code home},
   * unpacked and in float32, for training. They are on the backend of {@code home}.
   */
  public static Params root(Weights weights, Scope home) {
    return new Params("", null, Set.of(), PackedWeight.Use.PREFILL, new Load(weights, home, true));
  }

  /**
   * A root that reads no values and takes no memory: a model built on it cannot compute, and {@link
   * #fit} tells afterwards whether a real load would succeed.
   */
  public static Params checking(Weights weights, Scope home) {
    return new Params("", null, Set.of(), PackedWeight.Use.PREFILL, new Load(weights, home, false));
  }

  /**
   * This cursor with every matrix below it packed for inference, stored and multiplied in {@code
   * precision}; see {@link Tensor#pack}. Packed matrices cannot be trained.
   */
  public Params packed(Precision precision) {
    return new Params(path, precision, plainParts, use, load);
  }

  /** This cursor with the parts at these paths unpacked, for training while the rest is frozen. */
  public Params packed(Precision precision, Set<String> except) {
    return new Params(path, precision, Set.copyOf(except), use, load);
  }

  /** The cursor one level down. */
  public Params at(Object name) {
    return new Params(join(name), packed, plainParts, use, load);
  }

  /** This cursor with matrices packed for decoding: products of one row or a few. */
  public Params forDecoding() {
    return new Params(path, packed, plainParts, PackedWeight.Use.DECODE, load);
  }

  /**
   * This cursor with every matrix below it at least as exact as {@code precision}, for layers that
   * are sensitive to rounding; no change if nothing is packed.
   */
  public Params atLeast(Precision precision) {
    return packed == null ? this : packed(packed.atLeast(precision));
  }

  /** The path of the cursor. */
  public String path() {
    return path;
  }

  /**
   * The small parameter {@code name} at this path, in float32: a bias, a scale, a position table.
   */
  public Parameter get(String name, Shape shape, Init init) {
    return get(name, shape, init, Params::wide);
  }

  /** The matrix {@code name} of a linear map here, packed if this cursor packs. */
  public Parameter matrix(String name, Shape shape, Init init) {
    return get(name, shape, init, value -> packed == null ? wide(value) : value.pack(packed, use));
  }

  /** The matrix {@code name} of vectors to look up, plain; in bfloat16 unless all is exact here. */
  public Parameter table(String name, Shape shape, Init init) {
    boolean narrow = packed != null && packed != Precision.FLOAT32;
    return get(name, shape, init, value -> narrow ? value.to(DType.BFLOAT16) : wide(value));
  }

  /**
   * Whether the checkpoint holds {@code name} at this path; false without a checkpoint. Does not
   * count as use.
   */
  public boolean has(String name) {
    return storedShape(name) != null;
  }

  /** The shape that the checkpoint stores {@code name} in here, or null if it holds none. */
  public @Nullable Shape storedShape(String name) {
    try {
      Weights.Stored stored = load.weights.find(join(name));
      return stored == null ? null : stored.shape();
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  /**
   * Whether the checkpoint holds tensors under both names here and they differ, for matrices that a
   * configuration calls tied but training did not tie; false without a checkpoint. If they are
   * equal, a model that uses one has used both.
   */
  public boolean storedApart(String first, String second) {
    if (!has(first) || !has(second)) {
      return false;
    }
    boolean same = sameBytes(join(first), join(second));
    if (same) {
      load.copies.add(Set.of(join(first), join(second)));
    }
    return !same;
  }

  /** All parameters so far, by path. */
  public NavigableMap<String, Parameter> all() {
    return Collections.unmodifiableNavigableMap(load.parameters);
  }

  /**
   * Completes the load.
   *
   * @throws CheckpointException listing every tensor that is missing, unused or misshapen
   */
  public void finish() throws CheckpointException {
    finish("");
  }

  /**
   * Completes the load, with advice for unused tensors; see {@link #finish()}.
   *
   * @param advice the end of the message if unused tensors are the only problem
   */
  public void finish(String advice) throws CheckpointException {
    Set<String> unused = load.unused();
    if (load.problems() > 0) {
      throw load.report(unused);
    }
    if (!unused.isEmpty()) {
      throw new CheckpointException(load.report(unused).getMessage() + advice);
    }
  }

  /**
   * Completes a load in which stored tensors may stay unused; otherwise strict.
   *
   * @return the names of stored tensors that no module requested
   * @throws CheckpointException listing every tensor that is missing or misshapen
   */
  public NavigableSet<String> finishLeavingUnused() throws CheckpointException {
    if (load.problems() > 0) {
      throw load.report(Set.of());
    }
    return Collections.unmodifiableNavigableSet(new TreeSet<>(load.unused()));
  }

  /**
   * How the checkpoint fits the modules built so far.
   *
   * @param missing names of parameters that are not stored
   * @param misshapen those stored in another shape or type, and in which
   * @param unused names of stored tensors that no module requested
   */
  public record Fit(List<String> missing, List<String> misshapen, NavigableSet<String> unused) {
    /** This fit with the missing parameters under their names in a checkpoint. */
    public Fit spelledBy(KeyMap keys) {
      TreeSet<String> stored = new TreeSet<>();
      missing.forEach(name -> stored.add(keys.toStored(name).name()));
      return new Fit(List.copyOf(stored), misshapen, unused);
    }
  }

  /** What {@link #finish} would report, as lists. */
  public Fit fit() {
    return new Fit(
        List.copyOf(load.missing),
        List.copyOf(load.wrong),
        Collections.unmodifiableNavigableSet(new TreeSet<>(load.unused())));
  }

  private static void describe(List<String> parts, List<String> names, String how) {
    int shown = 8; // a whole model of another kind has thousands
    if (!names.isEmpty()) {
      String list = String.join(", ", names.subList(0, Math.min(shown, names.size())));
      String more = names.size() > shown ? ", and " + (names.size() - shown) + " more" : "";
      parts.add(String.format(Locale.ROOT, "%d %s (%s%s)", names.size(), how, list, more));
    }
  }

  private boolean sameBytes(String first, String second) {
    try {
      Weights.Stored stored = load.weights.find(first);
      if (stored == null || !stored.equals(load.weights.find(second))) {
        return false;
      }
      long size = stored.shape().size() * stored.dtype().byteSize();
      for (long at = 0; at < size; at += COMPARED_BYTES) {
        int length = (int) Math.min(COMPARED_BYTES, size - at);
        if (!bytes(first, at, length).equals(bytes(second, at, length))) {
          return false;
        }
      }
      return true;
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  private ByteBuffer bytes(String name, long at, int length) throws IOException {
    ByteBuffer bytes = ByteBuffer.allocate(length);
    load.weights.read(name, at, bytes);
    return bytes.flip();
  }

  private static Tensor wide(Tensor value) {
    return value.to(DType.FLOAT32);
  }

  private Parameter get(String name, Shape shape, Init init, UnaryOperator<Tensor> arrange) {
    String full = join(name);
    if (load.parameters.containsKey(full)) {
      throw new AssertionError(full + ": asked for twice");
    }
    try (Scope scope = Scope.open(load.home.backend())) {
      Parameter parameter = new Parameter(full, value(full, shape, init, arrange), load.home);
      load.parameters.put(full, parameter);
      return parameter;
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  private Tensor value(String full, Shape shape, Init init, UnaryOperator<Tensor> arrange)
      throws IOException {
    Tensor drawn = load.weights.initial(full, shape, init);
    if (drawn != null) {
      return arrange.apply(drawn);
    }
    Weights.Stored stored = load.weights.find(full);
    note(full, stored, shape);
    if (!load.reads || load.problems() > 0 || stored == null) {
      // Building goes on, so that one report can name everything, but neither reads nor allocates:
      // the load has failed, and what the configuration asks for may be of any size.
      return Tensor.uninitialized(full, DType.FLOAT32, Shape.of());
    }
    Tensor read =
        Tensor.read(full, stored.dtype(), shape, (at, into) -> load.weights.read(full, at, into));
    return arrange.apply(read);
  }

  private void note(String full, Weights.@Nullable Stored stored, Shape shape)
      throws CheckpointException {
    if (stored == null) {
      load.missing.add(full);
    } else if (!stored.shape().equals(whole(stored, shape))) {
      load.wrong.add(
          String.format(
              Locale.ROOT,
              "%s: checkpoint tensor expected %s, got %s",
              full,
              whole(stored, shape),
              stored.shape()));
    } else if (!stored.dtype().isFloating()) {
      load.wrong.add(full + ": checkpoint tensor expected a floating type, got " + stored.dtype());
    }
    if (load.problems() >= MOST_PROBLEMS) {
      throw load.report(Set.of());
    }
  }

  /** The stored shape that holds {@code shape}: more rows if the parameter is a slice of it. */
  private static Shape whole(Weights.Stored stored, Shape shape) {
    return stored.parts() == 1 ? shape : shape.with(0, shape.dim(0) * stored.parts());
  }

  private String join(Object name) {
    return path.isEmpty() ? name.toString() : path + "." + name;
  }
}
