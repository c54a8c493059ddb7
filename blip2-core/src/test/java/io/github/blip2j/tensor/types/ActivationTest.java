package io.github.blip2j.tensor.types;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import org.junit.jupiter.api.Test;

final class ActivationTest {
  @Test
  void named_checkpointNamesAndTheirSynonyms_areKnown() {
    for (Activation activation : Activation.values()) {
      assertEquals(activation, Activation.named(activation.checkpointName()));
    }
    assertEquals(Activation.GELU_TANH, Activation.named("gelu_pytorch_tanh"));
    assertEquals(Activation.SILU, Activation.named("swish"));
    assertEquals(Activation.RELU, Activation.named("ReLU"));
  }

  @Test
  void named_unknown_listsTheKnown() {
    var e = assertThrows(IllegalArgumentException.class, () -> Activation.named("mish"));

    assertEquals(
        "activation: name expected gelu, gelu_new, quick_gelu, relu or silu, got mish",
        e.getMessage());
  }
}
