package io.github.blip2j.tensor;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assertions.assertSame;
import static org.junit.jupiter.api.Assertions.assertThrows;

import io.github.blip2j.backend.Samples;
import io.github.blip2j.backend.TensorMemory;
import io.github.blip2j.tensor.types.Activation;
import io.github.blip2j.tensor.types.DType;
import io.github.blip2j.tensor.types.ShapeMismatchException;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.Callable;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import org.junit.jupiter.api.Test;

final class ScopeTest {
  private static Tensor small() {
    return Tensor.of(new float[] {1, 2, 3}, 3);
  }

  @Test
  void close_blockOfTensor_isUsedAgain() {
    long first;
    try (var scope = Scope.open()) {
      first = Tensor.zeros(DType.FLOAT32, 1234, 5).address();
    }
    try (var scope = Scope.open()) {
      assertEquals(first, Tensor.zeros(DType.FLOAT32, 1234, 5).address());
    }
  }

  @Test
  void close_loopOfSteps_holdsNoMoreThanOne() {
    long held = 0;
    for (int i = 0; i < 50; i++) {
      try (var scope = Scope.open()) {
        Tensor.zeros(DType.FLOAT32, 1000, 100).add(1).mul(2);
      }
      if (i == 5) {
        held = TensorMemory.totalBytes();
      }
    }
    assertEquals(held, TensorMemory.totalBytes());
  }

  @Test
  void use_afterScopeEnded_namesTheOperation() {
    Tensor sum;
    try (var scope = Scope.open()) {
      sum = small().add(small());
    }
    String expected =
        "add: tensor expected to be alive, got one released when its scope ended; hand it out with"
            + " scope.keep(tensor), or let a Scope.detached() adopt what is to stay longer";
    try (var scope = Scope.open()) {
      var compute = assertThrows(IllegalStateException.class, () -> sum.mul(2));
      var read = assertThrows(IllegalStateException.class, sum::toFloats);
      var view = assertThrows(IllegalStateException.class, () -> sum.reshape(3, 1).toFloats());
      assertEquals(expected, compute.getMessage());
      assertEquals(expected, read.getMessage());
      assertEquals(expected, view.getMessage());
    }
  }

  @Test
  void make_withoutScope_saysWhatToDo() {
    var e = assertThrows(IllegalStateException.class, ScopeTest::small);

    assertEquals(
        "Tensor.of: expected an open scope, got none on this thread; wrap the call in try (var scope ="
            + " Scope.open())",
        e.getMessage());
  }

  @Test
  void keep_inNestedScope_livesInTheOuter() {
    try (var outer = Scope.open()) {
      Tensor kept;
      Tensor left;
      try (var inner = Scope.open()) {
        left = small();
        kept = inner.keep(left.mul(2));
      }
      assertArrayEquals(new float[] {2, 4, 6}, kept.toFloats());
      assertThrows(IllegalStateException.class, left::toFloats);
    }
  }

  @Test
  void keep_view_keepsWhatItViews() {
    try (var outer = Scope.open()) {
      Tensor kept;
      try (var inner = Scope.open()) {
        kept = inner.keep(small().narrow(0, 1, 2));
      }
      assertArrayEquals(new float[] {2, 3}, kept.toFloats());
    }
  }

  @Test
  void keep_tensorOfAnOuterScope_changesNothing() {
    try (var outer = Scope.open()) {
      Tensor x = small();
      try (var middle = Scope.open();
          var inner = Scope.open()) {
        assertSame(x, inner.keep(x));
      }
      assertArrayEquals(new float[] {1, 2, 3}, x.toFloats());
    }
  }

  @Test
  void keep_inOutermostScope_saysWhatToDo() {
    try (var scope = Scope.open()) {
      Tensor x = small();

      var e = assertThrows(IllegalStateException.class, () -> scope.keep(x));

      assertEquals(
          "scope: keep expected an enclosing scope, got the outermost one; open one around it or"
              + " adopt the tensor into a detached scope",
          e.getMessage());
    }
  }

  @Test
  void adopt_intoDetached_outlivesTheThreadsScopes() {
    try (var model = Scope.detached()) {
      Tensor weight;
      try (var loading = Scope.open()) {
        weight = model.adopt(small());
      }
      try (var scope = Scope.open()) {
        assertArrayEquals(new float[] {2, 4, 6}, weight.add(weight).toFloats());
      }
    }
  }

  @Test
  void adopt_intoClosed_isRefused() {
    var model = Scope.detached();
    model.close();
    try (var scope = Scope.open()) {
      Tensor x = small();

      var e = assertThrows(IllegalStateException.class, () -> model.adopt(x));

      assertEquals("Tensor.of: scope expected to be open, got a closed one", e.getMessage());
    }
  }

  @Test
  void adopt_released_isRefused() {
    Tensor x;
    try (var scope = Scope.open()) {
      x = small();
    }
    try (var model = Scope.detached()) {
      assertThrows(IllegalStateException.class, () -> model.adopt(x));
    }
  }

  @Test
  void detached_open_ownsNothingByItself() {
    try (var model = Scope.detached()) {
      assertThrows(IllegalStateException.class, ScopeTest::small);
    }
  }

  @Test
  void close_detachedFromAnotherThread_releases() throws Exception {
    var model = Scope.detached();
    Tensor weight;
    try (var scope = Scope.open()) {
      weight = model.adopt(small());
    }
    var closer = new Thread(model::close);
    closer.start();
    closer.join();

    assertThrows(IllegalStateException.class, weight::toFloats);
  }

  @Test
  void close_twice_isOnce() {
    var outer = Scope.open();
    var inner = Scope.open();
    inner.close();
    inner.close();
    outer.close();
    assertThrows(IllegalStateException.class, ScopeTest::small);
  }

  @Test
  void close_beforeInnerScope_isRefusedAndCanBeMadeUpFor() {
    var outer = Scope.open();
    Tensor x = small();
    var inner = Scope.open();

    var e = assertThrows(IllegalStateException.class, outer::close);

    assertEquals(
        "scope: close expected on its own thread and after the scopes inside it, got another order",
        e.getMessage());
    assertArrayEquals(new float[] {1, 2, 3}, x.toFloats());
    inner.close();
    outer.close();
    assertThrows(IllegalStateException.class, x::toFloats);
  }

  @Test
  void close_threadScopeFromAnotherThread_isRefused() throws Exception {
    try (var scope = Scope.open()) {
      var executor = Executors.newSingleThreadExecutor();
      Future<?> closing = executor.submit(scope::close);

      var e = assertThrows(ExecutionException.class, closing::get);

      executor.shutdown();
      assertInstanceOf(IllegalStateException.class, e.getCause());
      assertArrayEquals(new float[] {1, 2, 3}, small().toFloats());
    }
  }

  @Test
  void run_body_keepsTheResultOnly() {
    List<Tensor> between = new ArrayList<>();
    try (var scope = Scope.open()) {
      Tensor result =
          Scope.run(
              () -> {
                between.add(small());
                return between.get(0).mul(3);
              });

      assertArrayEquals(new float[] {3, 6, 9}, result.toFloats());
      assertThrows(IllegalStateException.class, between.get(0)::toFloats);
    }
  }

  @Test
  void run_recordedBody_keepsWhatTheTapeNeeds() {
    List<double[]> gradients = new ArrayList<>();
    try (var scope = Scope.open()) {
      Tensor x = small().leaf(g -> gradients.add(g.toDoubles()));

      Scope.run(() -> x.mul(2).mul(x)).sum().backward();
    }
    assertArrayEquals(new double[] {4, 8, 12}, gradients.get(0));
  }

  @Test
  void run_bodyThatThrows_leavesTheScope() {
    try (var scope = Scope.open()) {
      assertThrows(
          ShapeMismatchException.class,
          () -> Scope.run(() -> small().add(Tensor.zeros(DType.FLOAT32, 2))));
      assertArrayEquals(new float[] {1, 2, 3}, small().toFloats());
    }
  }

  @Test
  void threads_ownScopesAndSharedWeight_computeTheSame() throws Exception {
    var samples = new Samples(DType.FLOAT32);
    double[] w = samples.normal(48, 64);
    double[] x = samples.normal(20, 64);
    var executor = Executors.newFixedThreadPool(4);
    try (var model = Scope.detached()) {
      Tensor weight;
      try (var scope = Scope.open()) {
        weight = model.adopt(samples.tensor(w, 48, 64));
      }
      Callable<List<float[]>> work =
          () -> {
            List<float[]> results = new ArrayList<>();
            for (int i = 0; i < 50; i++) {
              try (var scope = Scope.open()) {
                Tensor h = samples.tensor(x, 20, 64).linear(weight, null);
                results.add(h.activate(Activation.GELU).softmax().toFloats());
              }
            }
            return results;
          };
      float[] alone = work.call().get(0);

      for (Future<List<float[]>> thread : executor.invokeAll(List.of(work, work, work, work))) {
        for (float[] result : thread.get()) {
          assertArrayEquals(alone, result, 1e-6f);
        }
      }
    } finally {
      executor.shutdown();
    }
  }
}
