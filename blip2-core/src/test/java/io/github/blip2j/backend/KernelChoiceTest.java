package io.github.blip2j.backend;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.github.blip2j.tensor.types.Precision;
import java.io.File;
import java.lang.reflect.Method;
import java.net.URL;
import java.net.URLClassLoader;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

public final class KernelChoiceTest {
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
  void providers_always_holdTheReferenceOnce() {
    List<Kernels.Provider> references =
        KernelChoice.providers().stream()
            .filter(provider -> provider.name().equals("nd4j"))
            .toList();

    assertEquals(1, references.size());
    assertEquals(1, references.get(0).support().speed());
  }

  /**
   * A library in a loader of its own, as a single jar or an application server has it, whose first
   * tensor is made on a thread that sees the class path of the launcher only.
   */
  @Test
  void providers_libraryThatThreadsDoNotSee_areThoseOfItsOwnLoader(@TempDir Path folder)
      throws Exception {
    Path services = folder.resolve("META-INF/services/" + Kernels.Provider.class.getName());
    Files.createDirectories(services.getParent());
    Files.writeString(services, Offered.class.getName());
    List<URL> urls = new ArrayList<>(List.of(folder.toUri().toURL()));
    for (String path :
        List.of(System.getProperty("java.class.path").split(File.pathSeparator, -1))) {
      urls.add(Path.of(path).toUri().toURL());
    }
    Thread thread = Thread.currentThread();
    ClassLoader before = thread.getContextClassLoader();
    try (var library =
        new URLClassLoader(urls.toArray(new URL[0]), ClassLoader.getPlatformClassLoader())) {
      Method own = library.loadClass(KernelChoice.class.getName()).getDeclaredMethod("providers");
      own.setAccessible(true);
      thread.setContextClassLoader(ClassLoader.getSystemClassLoader()); // another copy is there

      List<String> found =
          ((List<?>) own.invoke(null)).stream().map(p -> p.getClass().getSimpleName()).toList();

      assertTrue(found.containsAll(List.of("Offered", "Nd4jProvider")), () -> "got " + found);
    } finally {
      thread.setContextClassLoader(before);
    }
  }

  /** What the loader above offers. */
  public static final class Offered implements Kernels.Provider {
    /** For the service loader. */
    public Offered() {}

    @Override
    public String name() {
      return "offered";
    }

    @Override
    public Kernels.Support support() {
      return new Kernels.Support(0, "for a test");
    }

    @Override
    public Kernels create() {
      throw new AssertionError("looked for, not created");
    }
  }

  @Test
  void complaint_whereBfloat16IsNotMultiplied_saysThatFloat32IsFaster() {
    assertEquals(
        "bfloat16: kernels that multiply it expected, got nd4j, which round to it and multiply"
            + " float32 here; float32 is faster",
        KernelChoice.complaint(Precision.BFLOAT16, Kernels.reference()));
    assertNull(KernelChoice.complaint(Precision.FLOAT32, Kernels.reference()));
  }
}
