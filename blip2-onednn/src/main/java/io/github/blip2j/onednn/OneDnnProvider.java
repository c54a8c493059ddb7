package io.github.blip2j.onednn;

import io.github.blip2j.backend.Backend;
import io.github.blip2j.backend.BackendProvider;
import io.github.blip2j.backend.Diagnostics;
import io.github.blip2j.onednn.primitive.Cpu;
import java.util.Locale;
import java.util.Set;

/** Provides oneDNN's kernels if the native library is available and the CPU has AVX2. */
public final class OneDnnProvider implements BackendProvider {
  private static final int SPEED = 10;
  private static final String LIBRARY = "/org/bytedeco/dnnl/linux-x86_64/libjnidnnl.so";

  /** Used by the service loader. */
  public OneDnnProvider() {}

  @Override
  public String name() {
    return "onednn";
  }

  @Override
  public Support support() {
    String os = System.getProperty("os.name", "").toLowerCase(Locale.ROOT);
    if (!os.contains("linux") || OneDnnProvider.class.getResource(LIBRARY) == null) {
      return new Support(0, "no oneDNN library for this system");
    }
    Set<String> flags = Diagnostics.cpuFlags();
    if (!flags.contains("avx2") || !flags.contains("fma")) {
      return new Support(0, "CPU without AVX2");
    }
    return new Support(SPEED, "oneDNN 3.11 for " + instructions(flags));
  }

  @Override
  public Backend create() {
    return Backend.onHost(name(), new OneDnnKernels(Cpu.of(Diagnostics.cpuFlags())));
  }

  /** The instruction sets that oneDNN will use, best last. */
  private static String instructions(Set<String> flags) {
    String set = flags.contains("avx512f") ? "AVX-512" : "AVX2";
    set += flags.contains("avx512_vnni") || flags.contains("avx_vnni") ? ", VNNI" : "";
    set += flags.contains("avx512_bf16") ? ", BF16" : "";
    return set + (flags.contains("amx_tile") ? ", AMX" : "");
  }
}
