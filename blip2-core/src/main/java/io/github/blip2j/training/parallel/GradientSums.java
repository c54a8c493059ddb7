package io.github.blip2j.training.parallel;

import io.github.blip2j.autograd.GradMode;
import io.github.blip2j.distributed.Buckets;
import io.github.blip2j.distributed.CollectivesException;
import io.github.blip2j.distributed.Pending;
import io.github.blip2j.distributed.Ranks;
import io.github.blip2j.distributed.Reduction;
import io.github.blip2j.nn.Parameter;
import io.github.blip2j.tensor.Scope;
import io.github.blip2j.tensor.Tensor;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.IdentityHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Set;
import java.util.stream.IntStream;
import org.jspecify.annotations.Nullable;

/**
 * The sums of the ranks' gradients. They are made in buckets, each while the backward pass goes on
 * with earlier layers (Li et al. 2020, "PyTorch Distributed").
 *
 * <p>A parameter may get several gradients in one pass: a layer that is computed again gives one
 * for each of its uses. So the first update only counts them, and sums at its end. From then on a
 * bucket is summed when each of its parameters has as many as in the update before. Gradients that
 * come later nevertheless are summed at the end and added, so that a wrong guess costs time alone.
 *
 * <p>Buckets are summed in one order on all ranks, that in which the gradients of rank 0 were
 * complete. A parameter without a gradient on some ranks counts as zeros there; without one on all
 * it stays without.
 */
public final class GradientSums {
  private final List<Parameter> parameters;
  private final Ranks ranks;
  private final GradientExchange exchange;
  private final IdentityHashMap<Parameter, Integer> numbers = new IdentityHashMap<>();
  private List<List<Integer>> buckets;
  private int[] expected; // gradients of each parameter in a pass
  private boolean known; // whether they have been counted

  /** The sums of these parameters' gradients; alone, none are made. */
  public GradientSums(List<Parameter> parameters, Ranks ranks, GradientExchange exchange) {
    this.parameters = ranks.areAlone() ? List.of() : List.copyOf(parameters);
    this.ranks = ranks;
    this.exchange = exchange;
    for (int i = 0; i < this.parameters.size(); i++) {
      numbers.put(this.parameters.get(i), i);
    }
    this.expected = new int[this.parameters.size()];
    List<Integer> order = new ArrayList<>(numbers.values());
    order.sort(Collections.reverseOrder()); // the last layer's gradients come first
    this.buckets = buckets(order);
  }

  private List<List<Integer>> buckets(List<Integer> order) {
    return Buckets.of(order, parameters.stream().mapToLong(p -> p.value().size()).toArray());
  }

  /** Expects the last backward pass of an update. */
  public Update start() {
    return new Update();
  }

  /** The sums of one update. Its {@link #close} clears the gradients. */
  public final class Update implements AutoCloseable {
    /** The sum of a bucket, under way. */
    private record Started(List<Integer> members, Tensor sum, Pending pending) {}

    private final Scope memory = Scope.detached();
    private final int[] counts = new int[parameters.size()];
    private final long[] present = new long[parameters.size()];
    private final Set<Integer> completed = new LinkedHashSet<>();
    private final List<Started> started = new ArrayList<>();

    private Update() {
      parameters.forEach(parameter -> parameter.watchGradients(this::added));
    }

    private void added(Parameter parameter) {
      int number = numbers.getOrDefault(parameter, -1);
      counts[number]++;
      completed.remove(number); // it was not the last one yet
      completed.add(number);
      if (known && exchange.overlapping()) {
        while (started.size() < buckets.size() && isComplete(buckets.get(started.size()))) {
          startNext();
        }
      }
    }

    private boolean isComplete(List<Integer> members) {
      return members.stream().allMatch(each -> counts[each] >= expected[each]);
    }

    private void startNext() {
      List<Integer> members = buckets.get(started.size());
      Tensor sum = members.size() == 1 ? taken(members.get(0)) : packed(members);
      Pending pending = ranks.collectives().startSum(sum, exchange.precision());
      started.add(new Started(members, sum, pending));
    }

    /** A large gradient is summed where it is. */
    private Tensor taken(int number) {
      Parameter parameter = parameters.get(number);
      @Nullable Tensor own = parameter.takeGradient();
      present[number] = own == null ? 0 : 1;
      return own == null ? zeros(parameter) : own;
    }

    private Tensor zeros(Parameter parameter) {
      try (Scope scope = Scope.open(parameter.value().backend())) {
        return memory.adopt(Tensor.zerosLike(parameter.value().detach()));
      }
    }

    private Tensor packed(List<Integer> members) {
      List<Tensor> like = values(members);
      try (Scope scope = Scope.open(like.get(0).backend());
          var off = GradMode.noGrad()) {
        Tensor all = memory.adopt(Buckets.memory(like));
        List<Tensor> parts = Buckets.parts(all, like);
        for (int i = 0; i < members.size(); i++) {
          int number = members.get(i);
          @Nullable Tensor own = parameters.get(number).gradient();
          if (own != null) {
            present[number] = 1;
            parts.get(i).copyInPlace(own);
            parameters.get(number).clearGradient();
          }
        }
        return all;
      }
    }

    private List<Tensor> values(List<Integer> members) {
      return members.stream().map(each -> parameters.get(each).value()).toList();
    }

    /**
     * Waits for all sums, and gives them to the parameters. All ranks call it.
     *
     * @throws CollectivesException if the ranks can't go on together
     */
    public void finish() {
      if (parameters.isEmpty()) {
        return;
      }
      parameters.forEach(parameter -> parameter.watchGradients(any -> {}));
      while (started.size() < buckets.size()) {
        startNext();
      }
      started.forEach(each -> each.pending.await());
      int count = parameters.size();
      long[] anywhere = Arrays.copyOf(present, 2 * count); // then those that came late
      for (int i = 0; i < count; i++) {
        anywhere[count + i] = parameters.get(i).gradient() == null ? 0 : 1;
      }
      ranks.collectives().allReduce(anywhere, Reduction.MAX);
      for (Started each : started) {
        place(each, anywhere);
      }
      learn();
    }

    private void place(Started bucket, long[] anywhere) {
      int count = parameters.size();
      List<Integer> members = bucket.members;
      List<Tensor> parts =
          members.size() == 1 ? List.of(bucket.sum) : Buckets.parts(bucket.sum, values(members));
      for (int i = 0; i < members.size(); i++) {
        int number = members.get(i);
        if (anywhere[count + number] == 1) {
          addLate(parameters.get(number), parts.get(i));
        }
        if (anywhere[number] + anywhere[count + number] > 0) {
          parameters.get(number).putGradient(parts.get(i));
        }
      }
    }

    private void addLate(Parameter parameter, Tensor sum) {
      @Nullable Tensor own = parameter.gradient();
      Tensor late = own == null ? zeros(parameter) : own;
      ranks.collectives().allReduce(late, Reduction.SUM);
      try (var off = GradMode.noGrad()) {
        sum.addInPlace(late);
      }
    }

    private void learn() {
      expected = counts.clone();
      if (!known) {
        List<Integer> order = new ArrayList<>(completed);
        IntStream.range(0, parameters.size())
            .filter(i -> !completed.contains(i))
            .forEach(order::add);
        long[] all = ranks.gather(order.stream().mapToLong(i -> i).toArray());
        buckets = buckets(Arrays.stream(all).limit(order.size()).mapToObj(i -> (int) i).toList());
        known = true;
      }
    }

    @Override
    public void close() {
      for (Started each : started) {
        settle(each);
      }
      for (Parameter parameter : parameters) {
        parameter.watchGradients(any -> {});
        parameter.clearGradient();
      }
      memory.close();
    }

    /** After a failure a sum may be under way, in memory that is about to be released. */
    private void settle(Started bucket) {
      try {
        bucket.pending.await();
      } catch (CollectivesException e) {
        // whoever waited for it has been told
      }
      Parameter first = parameters.get(bucket.members.get(0));
      if (bucket.members.size() == 1 && first.gradient() != bucket.sum) {
        first.putGradient(bucket.sum);
      }
    }
  }
}
