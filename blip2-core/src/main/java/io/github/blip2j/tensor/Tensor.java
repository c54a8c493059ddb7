package io.github.blip2j.tensor;

import io.github.blip2j.autograd.Node;
import io.github.blip2j.backend.AdamWRule;
import io.github.blip2j.backend.Backend;
import io.github.blip2j.backend.Kernels;
import io.github.blip2j.backend.Layout;
import io.github.blip2j.backend.PackedWeight;
import io.github.blip2j.backend.RawTensor;
import io.github.blip2j.backend.Storage;
import io.github.blip2j.backend.Workspace;
import io.github.blip2j.backend.nd4j.Nd4jArrays;
import io.github.blip2j.tensor.types.Activation;
import io.github.blip2j.tensor.types.DType;
import io.github.blip2j.tensor.types.DropoutSpec;
import io.github.blip2j.tensor.types.Precision;
import io.github.blip2j.tensor.types.Shape;
import io.github.blip2j.tensor.types.ShapeMismatchException;
import java.io.IOException;
import java.lang.ref.Reference;
import java.util.Arrays;
import java.util.List;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;
import org.nd4j.linalg.api.ndarray.INDArray;

/**
 * A dense array of numbers with a shape and a type: values, weights, gradients, token ids.
 *
 * <p>Operations return new tensors and leave their arguments alone; the few that do not say {@code
 * InPlace}. Axes may be negative, counting from the last. Two floating operands must have the same
 * type, and shapes broadcast by aligning the last axes. Memory belongs to the innermost {@link
 * Scope} of the thread that makes the tensor, and a tensor used after its scope has ended throws.
 *
 * <p>Where a tensor came from is recorded if it depends on a leaf that requires a gradient; see
 * {@link #leaf} and {@link #backward()}.
 */
public final class Tensor extends RawTensor {
  private final @Nullable Node<Tensor> node;
  private final Precision computePrecision; // of linear maps by this matrix

  private Tensor(Storage storage, Layout layout, DType dtype) {
    super(storage, layout, dtype, null);
    this.node = null;
    this.computePrecision = Precision.FLOAT32;
  }

  private Tensor(RawTensor memory, @Nullable Node<Tensor> node, Precision factors) {
    super(memory);
    this.node = node;
    this.computePrecision = factors;
  }

  private Tensor(PackedWeight packing) {
    super(packing);
    this.node = null;
    this.computePrecision = Precision.FLOAT32;
  }

  // ---- creating

  /** A float32 tensor with these values, row-major. */
  public static Tensor of(float[] values, long... shape) {
    return HostData.of(values, Shape.of(shape));
  }

  /** A float64 tensor with these values, row-major. */
  public static Tensor of(double[] values, long... shape) {
    return HostData.of(values, Shape.of(shape));
  }

  /** An int64 tensor with these values, row-major. */
  public static Tensor of(long[] values, long... shape) {
    return HostData.of(values, Shape.of(shape));
  }

  /** An int64 vector of token ids. */
  public static Tensor ids(int... ids) {
    return of(Arrays.stream(ids).asLongStream().toArray(), ids.length);
  }

  /**
   * A tensor on the memory of {@code array}, which its owner must not close or change meanwhile.
   * The tensor, its views, and the scopes in which they were used keep the array from the garbage
   * collector. Where the scope's backend has a memory of its own, the values are copied there.
   */
  public static Tensor of(INDArray array) {
    Backend backend = Workspace.currentBackend();
    Tensor wrapped =
        new Tensor(
            Nd4jArrays.wrap(backend.memory().isHost() ? backend : Backend.of("nd4j"), array),
            null,
            Precision.FLOAT32);
    return wrapped.to(backend);
  }

  /** A packed matrix as the weight of linear maps. */
  public static Tensor of(PackedWeight packing) {
    return new Tensor(packing);
  }

  /** A tensor whose bytes are read straight into its memory, little-endian, row-major. */
  public static Tensor read(String name, DType dtype, Shape shape, ByteSource source)
      throws IOException {
    return HostData.read(name, dtype, shape, source);
  }

  /** A tensor of zeros. */
  public static Tensor zeros(DType dtype, long... shape) {
    return full(dtype, 0, shape);
  }

  /** A tensor with the same value everywhere. */
  public static Tensor full(DType dtype, double value, long... shape) {
    Tensor out = uninitialized("full", dtype, Shape.of(shape));
    out.kernels().fill(out, value);
    return out;
  }

  /** Zeros of the type, shape and backend of {@code x}. */
  public static Tensor zerosLike(Tensor x) {
    return x.filled(0, x.dtype(), x.shape().toArray());
  }

  /** The tensors joined along an axis; their other axes must agree. */
  public static Tensor concat(int axis, List<Tensor> parts) {
    return ShapeOps.concat(axis, parts);
  }

  /**
   * Memory on the backend of the innermost scope, dense, its content undefined; for kernel
   * providers.
   */
  public static Tensor uninitialized(String op, DType dtype, Shape shape) {
    return uninitialized(Workspace.current(op).backend(), op, dtype, shape);
  }

  private static Tensor uninitialized(Backend backend, String op, DType dtype, Shape shape) {
    Storage storage = Storage.allocate(backend, op, dtype.bytes(shape, op));
    return new Tensor(storage, Layout.dense(shape), dtype);
  }

  /** Memory for these values, which the caller writes. */
  static Tensor uninitializedFor(long[] values, String op, Shape shape) {
    Storage storage = Storage.allocateFor(values, Workspace.current(op).backend(), op);
    return new Tensor(storage, Layout.dense(shape), DType.INT64);
  }

  // ---- reading

  /**
   * The only element.
   *
   * @throws ShapeMismatchException if there is not exactly one
   */
  public double item() {
    return HostData.item(this);
  }

  /** The values, row-major, as floats. */
  public float[] toFloats() {
    return HostData.toFloats(this);
  }

  /** The rows of a matrix as floats, read at once. */
  public float[][] toFloatRows() {
    return HostData.toFloatRows(this);
  }

  /** The values, row-major, as doubles. */
  public double[] toDoubles() {
    return HostData.toDoubles(this);
  }

  /** The values of an integer tensor, row-major. */
  public long[] toLongs() {
    return HostData.toLongs(this);
  }

  /** A copy that the caller owns and closes. */
  public INDArray toINDArray() {
    if (!backend().memory().isHost()) {
      try (Scope scope = Scope.open()) {
        return Nd4jArrays.copyOf(ShapeOps.dense(this));
      }
    }
    try {
      return Nd4jArrays.of(this).dup('c');
    } finally {
      Reference.reachabilityFence(this); // foreign memory may have no scope that keeps it alive
    }
  }

  /** The dense bytes, chunk by chunk, as a checkpoint stores them. */
  public void write(ByteSink sink) throws IOException {
    HostData.write(this, sink);
  }

  // ---- shape

  /** This tensor in another shape; one length may be {@code -1} and is then derived. */
  public Tensor reshape(long... newShape) {
    return ShapeOps.reshape(this, newShape);
  }

  /** Axes in another order, as a view: axis i of the result is axis {@code order[i]} of this. */
  public Tensor permute(int... order) {
    return ShapeOps.permute(this, order);
  }

  /** Two axes exchanged, as a view. */
  public Tensor transpose(int a, int b) {
    return ShapeOps.transpose(this, a, b);
  }

  /** The last two axes exchanged, as a view. */
  public Tensor transpose() {
    return transpose(-2, -1);
  }

  /** {@code length} positions of an axis from {@code start} on, as a view. */
  public Tensor narrow(int axis, long start, long length) {
    return ShapeOps.narrow(this, axis, start, length);
  }

  /** One position of an axis, which goes away, as a view. */
  public Tensor select(int axis, long index) {
    return ShapeOps.select(this, axis, index);
  }

  /** The values repeated along axes of length 1 (or new leading axes) to fill {@code newShape}. */
  public Tensor expand(long... newShape) {
    return ShapeOps.expand(this, Shape.of(newShape));
  }

  /** The values in another floating type. */
  public Tensor to(DType type) {
    return ShapeOps.cast(this, type);
  }

  /**
   * The values on another backend: a copy through this machine's memory, or this tensor if it is
   * there already. A packed matrix arrives unpacked.
   */
  public Tensor to(Backend backend) {
    return ShapeOps.moved(this, backend);
  }

  /** A dense copy that shares nothing with this. */
  public Tensor copy() {
    return ShapeOps.copy(this);
  }

  // ---- arithmetic

  /** {@code this + other}. */
  public Tensor add(Tensor other) {
    return ElementOps.add(this, other);
  }

  /** {@code this + shift}. */
  public Tensor add(double shift) {
    return ElementOps.affine(this, 1, shift);
  }

  /** {@code this - other}. */
  public Tensor sub(Tensor other) {
    return ElementOps.sub(this, other);
  }

  /** {@code this other}, element-wise. */
  public Tensor mul(Tensor other) {
    return ElementOps.mul(this, other);
  }

  /** {@code scale this}. */
  public Tensor mul(double scale) {
    return ElementOps.affine(this, scale, 0);
  }

  /** {@code this / other}, element-wise. */
  public Tensor div(Tensor other) {
    return ElementOps.div(this, other);
  }

  /** {@code e^this}. */
  public Tensor exp() {
    return ElementOps.exp(this);
  }

  /** Natural logarithm. */
  public Tensor log() {
    return ElementOps.log(this);
  }

  /** Square root. */
  public Tensor sqrt() {
    return ElementOps.sqrt(this);
  }

  /** Hyperbolic tangent. */
  public Tensor tanh() {
    return ElementOps.tanh(this);
  }

  /** The sign of each element: -1, 0 or 1, and 0 of NaN. Its gradient is 0. */
  public Tensor sign() {
    return ElementOps.sign(this);
  }

  /** The activation function of each element. */
  public Tensor activate(Activation activation) {
    return ElementOps.activate(this, activation);
  }

  /**
   * Zeroes each element with a probability and divides the others by its complement (Srivastava et
   * al. 2014).
   */
  public Tensor dropout(DropoutSpec dropout) {
    return ElementOps.dropout(this, dropout);
  }

  /** Sum of all elements, a scalar. */
  public Tensor sum() {
    return ReduceOps.sumAll(this);
  }

  /** Sum along an axis, which goes away. */
  public Tensor sum(int axis) {
    return ReduceOps.sum(this, axis);
  }

  /** Sum of the squares of all elements of a float32 tensor, in float64; records nothing. */
  public double squaredNorm() {
    return ReduceOps.squaredNorm(this);
  }

  /** The {@link #squaredNorm} of each tensor, read together. */
  public static double[] squaredNorms(List<Tensor> tensors) {
    return ReduceOps.squaredNorms(tensors);
  }

  /** Mean of all elements, a scalar. */
  public Tensor mean() {
    return sum().mul(1.0 / size());
  }

  /** Mean along an axis, which goes away. */
  public Tensor mean(int axis) {
    return sum(axis).mul(1.0 / dim(axis));
  }

  // ---- layers' arithmetic

  /** Product over the last two axes; leading axes broadcast. */
  public Tensor matmul(Tensor other) {
    return MatrixOps.matmul(this, other);
  }

  /** {@code this W^T + bias} over the last axis. */
  public Tensor linear(Tensor weight, @Nullable Tensor bias) {
    return MatrixOps.linear(this, weight, bias, Activation.IDENTITY, null);
  }

  /** {@code activation(this W^T + bias) + residual}, in one kernel where nothing is recorded. */
  public Tensor linear(
      Tensor weight, @Nullable Tensor bias, Activation activation, @Nullable Tensor residual) {
    return MatrixOps.linear(this, weight, bias, activation, residual);
  }

  /**
   * {@code x W^T + b} with dropout, plus a residual: the end of a block in training, without an
   * intermediate tensor. See {@link #linear(Tensor, Tensor)}.
   */
  public Tensor linear(Tensor weight, @Nullable Tensor bias, DropoutSpec dropout, Tensor residual) {
    return MatrixOps.linearWithDropout(this, weight, bias, dropout, residual);
  }

  /** Attention of these queries [B, T, H, D]; see {@link Kernels#attention}. */
  public Tensor attention(Tensor k, Tensor v, double scale, @Nullable Tensor mask) {
    return attention(k, v, scale, mask, null);
  }

  /** Attention with dropout of the probabilities. */
  public Tensor attention(
      Tensor k, Tensor v, double scale, @Nullable Tensor mask, @Nullable DropoutSpec dropout) {
    return AttentionOps.attention(this, k, v, scale, mask, dropout);
  }

  /** Softmax of the last axis. */
  public Tensor softmax() {
    return NormOps.softmax(this);
  }

  /** Logarithm of the softmax of the last axis. */
  public Tensor logSoftmax() {
    return NormOps.logSoftmax(this);
  }

  /** Layer normalisation of the last axis; see {@link Kernels#layerNorm}. */
  public Tensor layerNorm(Tensor gamma, Tensor beta, double eps) {
    return NormOps.layerNorm(this, gamma, beta, eps);
  }

  /** Root-mean-square normalisation of the last axis; see {@link Kernels#rmsNorm}. */
  public Tensor rmsNorm(Tensor gamma, double eps) {
    return NormOps.rmsNorm(this, gamma, eps);
  }

  /**
   * This matrix [N, K] of a linear map, prepacked for the kernels and its main use, in a precision
   * of choice. The result has type float32, cannot be changed, and owns its memory.
   */
  public Tensor pack(Precision precision, PackedWeight.Use use) {
    return MatrixOps.pack(this, precision, use);
  }

  /**
   * A view of this weight matrix whose linear maps round their operands to {@code precision}: in
   * {@code x W^T}, and in {@code G W} and {@code G^T x} of the gradients. Sums stay float32, and so
   * do all other operations on this tensor. A packed matrix is multiplied forward as it is packed.
   *
   * @param precision float32 or bfloat16
   */
  public Tensor withComputePrecision(Precision precision) {
    return MatrixOps.multipliedIn(this, precision);
  }

  /** Rows of this table [V, C...] by int64 {@code ids} [...], giving [..., C...]. */
  public Tensor gather(Tensor ids) {
    return LookupOps.gather(this, ids);
  }

  /** Loss of each row of logits [M, V] against labels [M]; see {@link Kernels#crossEntropy}. */
  public Tensor crossEntropy(Tensor labels, double smoothing) {
    return LookupOps.crossEntropy(this, labels, smoothing);
  }

  // ---- over ranks

  /**
   * The rows of all ranks, [R * B, ...], of which these are this rank's, [B, ...]. Gradients flow
   * back to the rank whose rows they are; all ranks then compute gradients alike, or none does.
   *
   * @param ranks such as {@code io.github.blip2j.distributed.Collectives}
   */
  public Tensor allGather(RowExchange ranks) {
    return ShapeOps.allGather(this, ranks);
  }

  // ---- in place

  /** Adds {@code other} to this tensor's memory, of which {@code other} may be a view. */
  public void addInPlace(Tensor other) {
    InPlaceOps.add(this, other);
  }

  /** Multiplies this tensor's memory by {@code scale}. */
  public void scaleInPlace(double scale) {
    InPlaceOps.scale(this, scale);
  }

  /**
   * Overwrites this tensor's memory with {@code other}, casting. Both may be views, also of the
   * same memory: what is written is what {@code other} was before.
   */
  public void copyInPlace(Tensor other) {
    InPlaceOps.copy(this, other);
  }

  /**
   * Moves this parameter by one step of AdamW, and its state {@code m} and {@code v} with it; see
   * {@link Kernels#adamW}. All are float32.
   */
  public void adamWInPlace(
      AdamWRule rule, AdamWRule.Step step, Tensor gradient, Tensor m, Tensor v) {
    InPlaceOps.adamW(this, rule, step, gradient, m, v);
  }

  // ---- gradients

  /**
   * This value as the start of a graph: what is computed from the result is recorded, and {@link
   * #backward()} hands the complete gradient to {@code sink}, on the calling thread, in its scope.
   */
  public Tensor leaf(Consumer<Tensor> sink) {
    return leaf(
        (g, shared) -> {
          Scope.keepInOuter(g); // the innermost one ends with the backward pass
          sink.accept(g);
        });
  }

  /**
   * A leaf whose sink may adopt gradients that have no other user; others are released when the
   * backward pass ends. See {@link #leaf(Consumer)}.
   */
  public Tensor leaf(Node.Sink<Tensor> sink) {
    return Gradients.leaf(this, sink);
  }

  /**
   * This value with a {@code watcher} that receives its complete gradient in every backward pass,
   * in a scope that ends with the call. No effect if nothing is recorded.
   */
  public Tensor watchGradient(Consumer<Tensor> watcher) {
    return Gradients.watched(this, watcher);
  }

  /** This value without its history. */
  public Tensor detach() {
    return withNode(null);
  }

  /** Whether gradients flow through this tensor. */
  public boolean requiresGrad() {
    return node != null;
  }

  /**
   * Sends the gradient of this scalar to every leaf it depends on.
   *
   * @throws IllegalStateException if nothing was recorded, or a needed value was changed in place
   * @throws ShapeMismatchException if this is not a scalar; give {@link #backward(Tensor)} a seed
   */
  public void backward() {
    Gradients.backward(this);
  }

  /** Sends a given gradient of this tensor to every leaf it depends on; see {@link #backward()}. */
  public void backward(Tensor gradient) {
    Gradients.backward(this, gradient);
  }

  // ---- inside the package

  /** What computes with this. */
  Kernels kernels() {
    return backend().kernels();
  }

  /** Memory for a result of {@code op} on this, beside it on its backend; its content undefined. */
  Tensor result(String op, DType dtype, Shape shape) {
    return uninitialized(backend(), op, dtype, shape);
  }

  /** The same value everywhere, beside this on its backend. */
  Tensor filled(double value, DType dtype, long... shape) {
    Tensor out = result("full", dtype, Shape.of(shape));
    kernels().fill(out, value);
    return out;
  }

  Storage storage() {
    return storage;
  }

  @Nullable Node<Tensor> node() {
    return node;
  }

  /** The compute precision of linear maps by this weight. */
  Precision computePrecision() {
    return computePrecision;
  }

  Tensor withFactors(Precision precision) {
    return new Tensor(this, node, precision);
  }

  Tensor withNode(@Nullable Node<Tensor> newNode) {
    return new Tensor(this, newNode, computePrecision);
  }

  /** A view of this memory with another layout; no history. */
  Tensor view(long elementOffset, Shape newShape, long[] newStrides) {
    requirePlain();
    return new Tensor(storage, layout.view(elementOffset, newShape, newStrides), dtype());
  }

  boolean hasStrides(long[] expected) {
    return layout.hasStrides(expected);
  }

  void requireChangeable() {
    requirePlain();
  }
}
