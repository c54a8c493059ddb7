package io.github.blip2j.optim;

import io.github.blip2j.distributed.Buckets;
import io.github.blip2j.distributed.Ranks;
import io.github.blip2j.nn.Parameter;
import io.github.blip2j.tensor.Scope;
import io.github.blip2j.tensor.Tensor;
import java.util.Comparator;
import java.util.List;
import java.util.stream.IntStream;

/** Which rank keeps the state of which parameter, and moves it. */
final class StateShares {
  /** One process, which has all of it. */
  static final StateShares ALONE = new StateShares(Ranks.ALONE, List.of());

  private final Ranks ranks;
  private final List<Integer> owners;

  private StateShares(Ranks ranks, List<Integer> owners) {
    this.ranks = ranks;
    this.owners = owners;
  }

  /** Shares of about equal size: the largest parameters first, each to the rank with the least. */
  static StateShares of(Ranks ranks, List<Parameter> parameters) {
    long[] sizes = parameters.stream().mapToLong(parameter -> parameter.value().size()).toArray();
    long[] loads = new long[ranks.size()];
    Integer[] owners = new Integer[sizes.length];
    IntStream.range(0, sizes.length)
        .boxed()
        .sorted(Comparator.comparingLong((Integer each) -> -sizes[each]))
        .forEach(
            each -> {
              int least = 0;
              for (int rank = 1; rank < loads.length; rank++) {
                least = loads[rank] < loads[least] ? rank : least;
              }
              loads[least] += sizes[each];
              owners[each] = least;
            });
    return new StateShares(ranks, List.of(owners));
  }

  Ranks ranks() {
    return ranks;
  }

  /** The rank that keeps the state of a parameter. */
  int owner(int number) {
    return ranks.areAlone() ? 0 : owners.get(number);
  }

  /** Whether this rank keeps it. */
  boolean isOwn(int number) {
    return owner(number) == ranks.rank();
  }

  /** Sends the parameters that this rank has moved, and receives those of the others. */
  void send(List<Parameter> parameters) {
    if (ranks.areAlone()) {
      return;
    }
    long[] sizes = parameters.stream().mapToLong(parameter -> parameter.value().size()).toArray();
    for (int rank = 0; rank < ranks.size(); rank++) {
      int owner = rank;
      List<Integer> own =
          IntStream.range(0, sizes.length).filter(each -> owner(each) == owner).boxed().toList();
      for (List<Integer> bucket : Buckets.of(own, sizes)) {
        send(bucket.stream().map(each -> parameters.get(each).value().detach()).toList(), owner);
      }
    }
  }

  private void send(List<Tensor> values, int owner) {
    if (values.size() == 1) {
      ranks.collectives().broadcast(values.get(0), owner);
      return;
    }
    try (Scope scope = Scope.open(values.get(0).backend())) {
      Tensor all = Buckets.memory(values);
      List<Tensor> parts = Buckets.parts(all, values);
      if (owner == ranks.rank()) {
        copy(values, parts);
      }
      ranks.collectives().broadcast(all, owner);
      if (owner != ranks.rank()) {
        copy(parts, values);
      }
    }
  }

  private static void copy(List<Tensor> from, List<Tensor> to) {
    for (int i = 0; i < from.size(); i++) {
      to.get(i).copyInPlace(from.get(i));
    }
  }
}
