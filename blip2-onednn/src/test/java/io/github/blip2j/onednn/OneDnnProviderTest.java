package io.github.blip2j.onednn;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.github.blip2j.backend.BackendProvider;
import io.github.blip2j.backend.Diagnostics;
import java.util.ServiceLoader;
import org.junit.jupiter.api.Test;

final class OneDnnProviderTest {
  @Test
  void serviceLoader_findsIt() {
    assertTrue(
        ServiceLoader.load(BackendProvider.class).stream()
            .anyMatch(provider -> provider.type() == OneDnnProvider.class));
  }

  @Test
  void support_saysWhy() {
    BackendProvider.Support support = new OneDnnProvider().support();

    boolean able = Diagnostics.cpuFlags().contains("avx2");
    assertEquals(able, support.speed() > 1, support.reason());
    assertTrue(
        support.reason().startsWith(able ? "oneDNN 3.11 for AVX" : "no oneDNN library")
            || support.reason().equals("CPU without AVX2"),
        support.reason());
  }
}
