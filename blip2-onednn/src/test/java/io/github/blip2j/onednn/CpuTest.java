package io.github.blip2j.onednn;

import static org.junit.jupiter.api.Assertions.assertEquals;

import java.util.Set;
import org.junit.jupiter.api.Test;

final class CpuTest {
  @Test
  void of_flagsOfKnownCpus_tellsWhatTheyMultiply() {
    assertEquals(Cpus.AVX2, Cpu.of(Set.of("avx2", "fma")), "Zen 3");
    assertEquals(new Cpu(false, false, true), Cpu.of(Set.of("avx2", "avx_vnni")), "Alder Lake");
    Set<String> skylake = Set.of("avx2", "avx512f", "avx512bw");
    assertEquals(new Cpu(true, false, false), Cpu.of(skylake), "Skylake-X");
    Set<String> cascadeLake = Set.of("avx2", "avx512f", "avx512bw", "avx512_vnni");
    assertEquals(new Cpu(true, false, true), Cpu.of(cascadeLake), "Cascade Lake");
    Set<String> zen5 = Set.of("avx512f", "avx512bw", "avx512_vnni", "avx512_bf16", "avx_vnni");
    assertEquals(Cpus.BFLOAT16, Cpu.of(zen5), "Zen 5");
  }
}
