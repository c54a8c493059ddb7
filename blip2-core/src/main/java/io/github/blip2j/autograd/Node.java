package io.github.blip2j.autograd;

import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.PriorityQueue;
import java.util.Set;
import java.util.concurrent.atomic.AtomicLong;
import java.util.function.UnaryOperator;
import org.jspecify.annotations.Nullable;

/**
 * One recorded operation: its inputs, and the functions from its gradient to theirs.
 *
 * <p>A graph of nodes is the tape of reverse-mode differentiation (Griewank and Walther 2008,
 * chapter 3). Nodes are numbered as they are made, so every input has a smaller number than its
 * output, and visiting nodes from the largest number down meets each one after all of its users.
 * That order makes a single pass enough: when a node is visited its gradient is complete. Leaves
 * are made long before what uses them; their uses are counted, so that they need not come last.
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
   * Sends the gradient of every leaf below this node to its sink, as soon as it is complete: after
   * the last derivative that adds to it.
   *
   * @param seed the gradient of this node
   * @param flow operations on gradients
   */
  public void backward(T seed, Flow<T> flow) {
    Map<Node<T>, Integer> missing = leafUses();
    Map<Node<T>, T> gradients = new HashMap<>();
    PriorityQueue<Node<T>> pending =
        new PriorityQueue<>((a, b) -> Long.compare(b.number, a.number));
    flow.hold(seed);
    gradients.put(this, seed);
    pending.add(this);
    while (!pending.isEmpty()) {
      Node<T> node = pending.remove();
      T gradient = taken(node, gradients);
      node.check.run();
      List<Node<T>> complete = new ArrayList<>();
      for (Edge<T> edge : node.edges) {
        T contribution = edge.derivative.apply(gradient);
        flow.hold(contribution);
        T sum = gradients.get(edge.input);
        if (edge.input.isLeaf()) {
          if (missing.merge(edge.input, -1, Integer::sum) == 0) {
            complete.add(edge.input);
          }
        } else if (sum == null) {
          pending.add(edge.input);
        }
        gradients.put(edge.input, sum == null ? contribution : flow.add(sum, contribution));
      }
      if (node.sink != null) { // the root itself
        node.sink.accept(gradient, flow.isShared(gradient));
      }
      flow.release(gradient);
      complete.forEach(leaf -> leaf.deliver(taken(leaf, gradients), flow));
    }
  }

  private void deliver(T gradient, Flow<T> flow) {
    check.run();
    Objects.requireNonNull(sink).accept(gradient, flow.isShared(gradient));
    flow.release(gradient);
  }

  private static <T> T taken(Node<T> node, Map<Node<T>, T> gradients) {
    T gradient = gradients.remove(node);
    if (gradient == null) {
      throw new AssertionError(node.op + ": visited twice");
    }
    return gradient;
  }

  /** How often the nodes below this one use each leaf. */
  private Map<Node<T>, Integer> leafUses() {
    Map<Node<T>, Integer> uses = new HashMap<>();
    Set<Node<T>> seen = new HashSet<>();
    Deque<Node<T>> open = new ArrayDeque<>(List.of(this));
    while (!open.isEmpty()) {
      for (Edge<T> edge : open.remove().edges) {
        if (edge.input.isLeaf()) {
          uses.merge(edge.input, 1, Integer::sum);
        } else if (seen.add(edge.input)) {
          open.add(edge.input);
        }
      }
    }
    return uses;
  }
}
