package io.github.blip2j.tensor;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotSame;
import static org.junit.jupiter.api.Assertions.assertSame;
import static org.junit.jupiter.api.Assertions.assertThrows;

import io.github.blip2j.backend.AdamWRule;
import io.github.blip2j.backend.Backend;
import io.github.blip2j.backend.Disguise;
import io.github.blip2j.backend.HostMemory;
import io.github.blip2j.backend.PackedWeight;
import io.github.blip2j.backend.Transfers;
import io.github.blip2j.tensor.types.Activation;
import io.github.blip2j.tensor.types.DType;
import io.github.blip2j.tensor.types.Precision;
import io.github.blip2j.tensor.types.Shape;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.nd4j.linalg.factory.Nd4j;

/** Two backends in one process: where tensors are made, what is refused, what is copied. */
@ExtendWith(InScope.class)
final class BackendsTest {
  private static final Activation ACT = Activation.IDENTITY;

  private final Backend host = Backend.of("nd4j");
  private final Backend device = Disguise.of(host);

  private Tensor on(Backend backend, float[] values, long... shape) {
    return Scope.run(backend, () -> Tensor.of(values, shape));
  }

  @Test
  void scope_ofABackend_decidesForThoseInsideIt() {
    try (Scope outer = Scope.open(device)) {
      assertSame(device, Tensor.zeros(DType.FLOAT32, 2).backend());
      try (Scope inner = Scope.open()) {
        assertSame(device, Tensor.ids(1, 2).backend());
        assertSame(device, Scope.detached().backend());
      }
      try (Scope other = Scope.open(host)) {
        assertSame(host, Tensor.ids(1).backend());
      }
    }
  }

  @Test
  void results_areOnTheBackendOfTheOperands_whateverTheScope() {
    Tensor x =
        on(device, new float[] {1, 2, 3, 4}, 2, 2).leaf(g -> assertSame(device, g.backend()));

    try (Scope scope = Scope.open(host)) {
      Tensor y = x.matmul(x).layerNorm(row(x, 0), row(x, 1), 1e-5).softmax().mul(x).narrow(0, 0, 1);

      assertSame(device, y.backend());
      y.sum().backward();
    }
  }

  private static Tensor row(Tensor x, long index) {
    return x.detach().select(0, index).copy();
  }

  @Test
  void operands_onTwoBackends_areRefusedByName() {
    Tensor a = on(host, new float[] {1, 2, 3, 4}, 2, 2);
    Tensor b = on(device, new float[] {1, 2, 3, 4}, 2, 2);
    Tensor v = on(device, new float[] {1, 2}, 2);
    Tensor ids = Scope.run(device, () -> Tensor.ids(0, 1));
    Tensor heads = a.reshape(1, 2, 1, 2);
    Map<String, Runnable> calls = new LinkedHashMap<>();
    calls.put("add: other", () -> a.add(b));
    calls.put("div: other", () -> a.div(v));
    calls.put("matmul: other", () -> a.matmul(b));
    calls.put("linear: weight", () -> a.linear(b, null));
    calls.put("linear: bias", () -> a.linear(a, v));
    calls.put("linear: residual", () -> a.linear(a, null, ACT, b));
    calls.put("linear: weight ", () -> LinearMap.each(a, List.of(new LinearMap(b, null, ACT))));
    calls.put("attention: v", () -> heads.attention(heads, b.reshape(1, 2, 1, 2), 1, null));
    calls.put("attention: mask", () -> heads.attention(heads, heads, 1, b.reshape(1, 1, 2, 2)));
    calls.put("layerNorm: gamma", () -> a.layerNorm(v, v, 1e-5));
    calls.put("rmsNorm: gamma", () -> a.rmsNorm(v, 1e-5));
    calls.put("gather: ids", () -> a.gather(ids));
    calls.put("crossEntropy: labels", () -> a.crossEntropy(ids, 0));
    calls.put("concat: part", () -> Tensor.concat(0, List.of(a, b)));
    calls.put("addInPlace: other", () -> a.addInPlace(b));
    calls.put("copyInPlace: source", () -> a.copyInPlace(b));
    AdamWRule rule = new AdamWRule(0.9, 0.99, 1e-8);
    AdamWRule.Step step = new AdamWRule.Step(1, 0.1, 0, 1);
    calls.put("adamWInPlace: tensor", () -> a.adamWInPlace(rule, step, a, a, b));
    calls.put("squaredNorms: tensor", () -> Tensor.squaredNorms(List.of(a, b)));
    calls.put("backward: gradient", () -> a.leaf(g -> {}).mul(2).backward(b));

    List<String> wrong = new ArrayList<>();
    calls.forEach(
        (what, call) -> {
          var message = assertThrows(IllegalArgumentException.class, call::run, what).getMessage();
          String expected =
              what.strip()
                  + " expected on backend nd4j, got one on disguised-nd4j; copy it with"
                  + " tensor.to(backend), or make it in Scope.open(backend)";
          if (!expected.equals(message)) {
            wrong.add(String.valueOf(message));
          }
        });
    assertEquals(List.of(), wrong);
  }

  @Test
  void to_anotherBackend_isACopyWithAGradient() {
    float[][] gradient = new float[1][];
    Tensor x =
        on(host, new float[] {1, 2, 3, 4, 5, 6}, 2, 3)
            .leaf(
                g -> {
                  assertSame(host, g.backend());
                  gradient[0] = g.toFloats();
                });

    Tensor there = x.transpose().to(device);
    there.mul(there).sum().backward();

    assertSame(device, there.backend());
    assertArrayEquals(new float[] {1, 4, 2, 5, 3, 6}, there.toFloats());
    assertArrayEquals(new float[] {2, 4, 6, 8, 10, 12}, gradient[0]);
    assertSame(there, there.to(device));
    assertNotSame(x, x.to(device).to(host));
  }

  @Test
  void nd4jArrays_ofADevice_areCopies() {
    try (Scope scope = Scope.open(device)) {
      var array = Nd4j.create(new float[] {1, 2, 3, 4}, new long[] {2, 2}, 'c');

      Tensor x = Tensor.of(array);
      array.putScalar(0, 9);

      assertSame(device, x.backend());
      assertArrayEquals(new float[] {1, 2, 3, 4}, x.toFloats());
      assertEquals(
          Nd4j.create(new float[] {1, 3, 2, 4}, new long[] {2, 2}, 'c'),
          x.transpose().toINDArray());
      assertEquals(7L, Tensor.of(new long[] {7}, 1).toINDArray().getLong(0));
    }
  }

  @Test
  void int8_onADevice_isThatOfTheHost() {
    float[] values = new float[70 * 33];
    Random random = new Random(3);
    for (int i = 0; i < values.length; i++) {
      values[i] = (float) random.nextGaussian();
    }
    Tensor here = on(host, values, 70, 33).pack(Precision.INT8, PackedWeight.Use.DECODE);
    Tensor there = on(device, values, 70, 33).pack(Precision.INT8, PackedWeight.Use.DECODE);
    Tensor x = on(host, values, 70, 33);
    Tensor ids = Tensor.ids(5, 69, 0);

    assertSame(device, there.backend());
    assertArrayEquals(here.toFloats(), there.toFloats());
    assertArrayEquals(x.linear(here, null).toFloats(), x.to(device).linear(there, null).toFloats());
    assertArrayEquals(
        here.gather(ids.to(host)).toFloats(), there.gather(ids.to(device)).toFloats());
  }

  @Test
  void read_andWrite_goThroughTransfers() throws Exception {
    try (Scope scope = Scope.open(device)) {
      Transfers before = device.memory().transfers();
      Tensor x =
          Tensor.read(
              "x",
              DType.FLOAT32,
              Shape.of(3),
              (at, into) -> into.putFloat(1).putFloat(2).putFloat(3));
      ByteBuffer copy = ByteBuffer.allocate(12).order(ByteOrder.LITTLE_ENDIAN);
      x.write(copy::put);

      assertEquals(new Transfers(1, 1, 12, 12), device.memory().transfers().since(before));
      assertEquals(2, copy.getFloat(4));
    }
  }

  @Test
  void ids_madeInJava_areNotReadBack() {
    try (Scope scope = Scope.open(device)) {
      Tensor table = Tensor.of(new float[] {1, 2, 3, 4}, 2, 2);
      Tensor ids = Tensor.ids(1, 0, 1);
      Transfers before = device.memory().transfers();

      Tensor rows = table.gather(ids.reshape(3, 1).narrow(0, 1, 2));
      long[] known = ids.toLongs();

      assertEquals(new Transfers(0, 0, 0, 0), device.memory().transfers().since(before));
      assertArrayEquals(new long[] {1, 0, 1}, known);
      assertArrayEquals(new float[] {1, 2, 3, 4}, rows.toFloats());
      ids.copyInPlace(Tensor.ids(0, 0, 1));
      assertArrayEquals(new long[] {0, 0, 1}, ids.toLongs());
      assertThrows(IllegalArgumentException.class, () -> table.gather(Tensor.ids(2)));
    }
  }

  @Test
  void hostAddress_ofADevice_isRefused() {
    Tensor x = on(device, new float[] {1}, 1);

    var e = assertThrows(IllegalStateException.class, x::hostAddress);
    var bytes = assertThrows(IllegalStateException.class, () -> HostMemory.bytes(x.address(), 4));

    assertEquals("Tensor.of: tensor expected in host memory, got one on disguised", e.getMessage());
    assertEquals(
        "host: address expected of this machine's memory, got 0x"
            + Long.toHexString(x.address())
            + " of a device; read it through a HostWindow",
        bytes.getMessage());
  }

  @Test
  void memory_ofADevice_returnsToItsPool() {
    long used = device.memory().usedBytes();
    try (Scope scope = Scope.open(device)) {
      Tensor.zeros(DType.FLOAT32, 1000);
      assertEquals(used + 4096, device.memory().usedBytes());
    }
    assertEquals(used, device.memory().usedBytes());
    device.memory().trim();
    assertEquals(used, device.memory().totalBytes());
  }
}
