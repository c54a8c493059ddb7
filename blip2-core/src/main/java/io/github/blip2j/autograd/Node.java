package io.github.blip2j.autograd;

import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.PriorityQueue;
import java.util.concurrent.atomic.AtomicLong;
import java.util.function.UnaryOperator;
import org.jspecify.annotations.Nullable;

/**
 * One recorded operation: its inputs, and the functions from its gradient to theirs.
 *
 * <p>A graph of nodes is the tape of reverse-mode differentiation (Griewank and Walther 2008,
 * chapter 3). Nodes are numbered as they are made, so every input has a smaller number than its
 * output, and visiting nodes from the largest number down meets each one after all of its users.
 * That order makes a single pass enough: when a node is visited its gradient is complete.
 *
 * @param <T> type of the gradients
 */
public final class Node<T> {
  private static final AtomicLong COUNT = new AtomicLong();

  /**
   * Operations on gradients during a backward pass: adding two, and tracking which nodes still need
   * one, so that its memory can be reused.
   */
  public interface Flow<T> {
    /** The sum of two gradients of the same node, which replaces them. */
    T add(T a, T b);

    /** Marks a gradient as needed by one more node. */
    void hold(T gradient);

    /** Marks a gradient as used by one of the nodes that needed it. */
    void release(T gradient);

    /** Whether other nodes still need a gradient that one node holds. */
    boolean isShared(T gradient);
  }

  /** Receives the complete gradient of a leaf. */
  public interface Sink<T> {
    /**
     * Takes the gradient.
     *
     * @param shared whether other nodes still need it; if not, the sink may keep or change it
     */
    void accept(T gradient, boolean shared);
  }

  private record Edge<T>(Node<T> input, UnaryOperator<T> derivative) {}

  private final String op;
  private final long number = COUNT.getAndIncrement();
  private final List<Edge<T>> edges = new ArrayList<>(2);
  private final @Nullable Sink<T> sink;
  private Runnable check = () -> {};

  private Node(String op, @Nullable Sink<T> sink) {
    this.op = op;
    this.sink = sink;
  }

  /** A node for the output of {@code op}; {@link #wrt} adds its inputs. */
  public static <T> Node<T> of(String op) {
    return new Node<>(op, null);
  }

  /** A node without inputs, whose complete gradient goes to {@code sink}. */
  public static <T> Node<T> leaf(String name, Sink<T> sink) {
    return new Node<>(name, sink);
  }

  /**
   * Adds an input and a derivative: the product of the transposed Jacobian and the output's
   * gradient.
   */
  public Node<T> wrt(Node<T> input, UnaryOperator<T> derivative) {
    edges.add(new Edge<>(input, derivative));
    return this;
  }

  /** Runs {@code check} before the derivatives of this node; it throws if they would be wrong. */
  public void before(Runnable check) {
    this.check = check;
  }

  /** The operation's name. */
  public String op() {
    return op;
  }

  /** Whether this is a leaf and not the output of an operation. */
  public boolean isLeaf() {
    return sink != null;
  }

  /**
   * Sends the gradient of every leaf below this node to its sink.
   *
   * @param seed the gradient of this node
   * @param flow operations on gradients
   */
  public void backward(T seed, Flow<T> flow) {
    Map<Node<T>, T> gradients = new HashMap<>();
    PriorityQueue<Node<T>> pending =
        new PriorityQueue<>((a, b) -> Long.compare(b.number, a.number));
    flow.hold(seed);
    gradients.put(this, seed);
    pending.add(this);
    while (!pending.isEmpty()) {
      Node<T> node = pending.remove();
      T gradient = gradients.remove(node);
      if (gradient == null) {
        throw new AssertionError(node.op + ": visited twice");
      }
      node.check.run();
      if (node.sink != null) {
        node.sink.accept(gradient, flow.isShared(gradient));
      }
      for (Edge<T> edge : node.edges) {
        T contribution = edge.derivative.apply(gradient);
        flow.hold(contribution);
        T sum = gradients.get(edge.input);
        if (sum == null) {
          pending.add(edge.input);
        }
        gradients.put(edge.input, sum == null ? contribution : flow.add(sum, contribution));
      }
      flow.release(gradient);
    }
  }
}
