package io.github.blip2j.blip2;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotNull;

import io.github.blip2j.golden.Golden;
import io.github.blip2j.nn.ForwardPass;
import io.github.blip2j.tensor.Scope;
import io.github.blip2j.tensor.Tensor;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/** Keeps the hidden states of a pass alive, by the path of who showed them. */
public final class HiddenStates implements ForwardPass.Observer {
  private final Scope scope;
  private final Map<String, List<Tensor>> states = new HashMap<>();

  public HiddenStates(Scope scope) {
    this.scope = scope;
  }

  @Override
  public void hiddenState(String path, int index, Tensor x) {
    List<Tensor> shown = states.computeIfAbsent(path, unseen -> new ArrayList<>());
    assertEquals(shown.size(), index, path);
    shown.add(scope.adopt(x.copy()));
  }

  /** Asserts that all states of a tower, shown under {@code path}, are the reference's. */
  public void assertClose(Golden golden, String tower, String path, double tolerance) {
    List<Tensor> shown = states.get(path);
    assertNotNull(shown, path);
    String prefix = tower + ".hidden_states.";
    long expected = golden.names().stream().filter(name -> name.startsWith(prefix)).count();
    assertEquals(expected, shown.size(), prefix);
    for (int i = 0; i < shown.size(); i++) {
      golden.assertClose(prefix + i, shown.get(i), tolerance);
    }
  }
}
