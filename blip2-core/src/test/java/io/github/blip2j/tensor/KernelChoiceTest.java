package io.github.blip2j.tensor;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import java.util.List;
import org.junit.jupiter.api.Test;

final class KernelChoiceTest {
  private record Fake(String name, int speed) implements Kernels.Provider {
    @Override
    public Kernels.Support support() {
      return new Kernels.Support(speed, speed == 0 ? "no such processor here" : "tested");
    }

    @Override
    public Kernels create() {
      throw new AssertionError("chosen, not created");
    }
  }

  private final List<Kernels.Provider> providers =
      List.of(new Fake("nd4j", 1), new Fake("fast", 10), new Fake("absent", 0));

  @Test
  void choose_noName_takesTheFastest() {
    assertEquals("fast", KernelChoice.choose(null, providers).name());
  }

  @Test
  void choose_name_takesThatOne() {
    assertEquals("nd4j", KernelChoice.choose("nd4j", providers).name());
  }

  @Test
  void choose_nameThatCannotRun_saysWhy() {
    var e =
        assertThrows(IllegalStateException.class, () -> KernelChoice.choose("absent", providers));

    assertEquals(
        "blip2.kernels: provider expected to run here, got absent, which cannot: no such processor"
            + " here",
        e.getMessage());
  }

  @Test
  void choose_unknownName_listsTheKnown() {
    var e = assertThrows(IllegalStateException.class, () -> KernelChoice.choose("cuda", providers));

    assertEquals("blip2.kernels: expected nd4j or fast or absent, got cuda", e.getMessage());
  }

  @Test
  void providers_always_holdTheReference() {
    Kernels.Provider reference = KernelChoice.providers().get(0);

    assertEquals("nd4j", reference.name());
    assertEquals(1, reference.support().speed());
  }
}
