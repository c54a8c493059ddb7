package io.github.blip2j.nn;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertSame;
import static org.junit.jupiter.api.Assertions.assertThrows;

import io.github.blip2j.tensor.Scope;
import io.github.blip2j.tensor.Tensor;
import io.github.blip2j.tensor.types.Activation;
import java.util.List;
import java.util.NavigableMap;
import java.util.Objects;
import java.util.Random;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

final class ModuleTest {
  private Scope scope;
  private Params params;
  private Pair pair;

  /** Two parts, the name of one of which begins as the other's does. */
  private static final class Pair extends Module {
    private final Mlp mlp;
    private final Linear mlp2;

    Pair(Params params) {
      super(params);
      this.mlp = new Mlp(3, 5, Activation.GELU, params.at("mlp"));
      this.mlp2 = new Linear(3, 2, params.at("mlp2"));
    }
  }

  @BeforeEach
  void build() {
    scope = Scope.open();
    params = Params.root(Weights.random(new Random(1)), scope);
    pair = new Pair(params.at("pair"));
    new Linear(4, 4, params.at("other"));
  }

  @AfterEach
  void close() {
    scope.close();
  }

  @Test
  void parameters_ofModule_areThoseBelowIt() {
    assertEquals(
        List.of(
            "mlp.down.bias",
            "mlp.down.weight",
            "mlp.up.bias",
            "mlp.up.weight",
            "mlp2.bias",
            "mlp2.weight"),
        List.copyOf(pair.parameters().keySet()));
    assertEquals(
        List.of("down.bias", "down.weight", "up.bias", "up.weight"),
        List.copyOf(pair.mlp.parameters().keySet()));
    assertEquals(List.of("bias", "weight"), List.copyOf(pair.mlp2.parameters().keySet()));
    assertSame(params.all().get("pair.mlp2.bias"), pair.mlp2.parameters().get("bias"));
  }

  @Test
  void stateDict_ofModule_holdsTheValues() {
    NavigableMap<String, Tensor> state = pair.stateDict();

    assertEquals(pair.parameters().keySet(), state.keySet());
    assertSame(params.all().get("pair.mlp2.weight"), pair.parameters().get("mlp2.weight"));
    assertEquals(
        Objects.requireNonNull(pair.parameters().get("mlp2.weight")).value(),
        state.get("mlp2.weight"));
  }

  @Test
  void parameters_changed_areRefused() {
    assertThrows(UnsupportedOperationException.class, () -> pair.parameters().clear());
    assertThrows(UnsupportedOperationException.class, () -> pair.stateDict().clear());
  }
}
