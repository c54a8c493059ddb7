package io.github.blip2j.backend;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotSame;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertSame;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.github.blip2j.backend.BackendProvider.Support;
import io.github.blip2j.tensor.Scope;
import io.github.blip2j.tensor.Tensor;
import io.github.blip2j.tensor.types.Precision;
import java.io.File;
import java.lang.reflect.Method;
import java.net.URL;
import java.net.URLClassLoader;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.Set;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.function.Executable;
import org.junit.jupiter.api.io.TempDir;

public final class BackendRegistryTest {
  private record Fake(String name, int speed) implements BackendProvider {
    @Override
    public Support support() {
      return new Support(speed, speed == 0 ? "no such processor here" : "tested");
    }

    @Override
    public Backend create() {
      throw new AssertionError("chosen, not created");
    }
  }

  private final List<BackendProvider> providers =
      List.of(new Fake("nd4j", 1), new Fake("fast", 10), new Fake("absent", 0));

  @Test
  void fastest_takesTheFastest() {
    assertEquals("fast", BackendRegistry.fastest(providers).name());
  }

  @Test
  void fastest_noneRunsHere_saysWhatIsMissing() {
    var e =
        assertThrows(
            IllegalStateException.class,
            () -> BackendRegistry.fastest(List.of(new Fake("absent", 0))));

    assertEquals(
        "backend: provider nd4j expected, got absent; a jar made of several has to join their"
            + " files under META-INF/services",
        e.getMessage());
  }

  @Test
  void named_takesThatOne() {
    assertEquals("nd4j", BackendRegistry.named("backend", "nd4j", providers).device());
  }

  @Test
  void named_thatCannotRun_saysWhyAndWhichCan() {
    var e =
        assertThrows(
            IllegalArgumentException.class,
            () -> BackendRegistry.named("blip2.backend", "absent", providers));

    assertEquals(
        "blip2.backend: expected one that runs here (nd4j or fast), got absent, which cannot: no"
            + " such processor here",
        e.getMessage());
  }

  @Test
  void of_unknownName_listsTheKnown() {
    var e = assertThrows(IllegalArgumentException.class, () -> Backend.of("cuda"));

    assertTrue(
        String.valueOf(e.getMessage())
            .matches(
                "backend: expected .*nd4j.*, got cuda; choose one of these, or add the jar that has it"),
        e::getMessage);
  }

  /** A provider whose native library is missing. */
  private static final class Broken implements BackendProvider {
    @Override
    public String name() {
      return "gpu";
    }

    @Override
    public Support support() {
      throw new UnsatisfiedLinkError("no cudart in path");
    }

    @Override
    public Backend create() {
      throw new AssertionError("cannot run here");
    }
  }

  @Test
  void support_thatThrows_isThatOfAProviderThatCannotRun() {
    List<BackendProvider> all = List.of(new Broken(), new Fake("nd4j", 1));

    assertEquals("nd4j", BackendRegistry.fastest(all).name());
    var e =
        assertThrows(
            IllegalArgumentException.class, () -> BackendRegistry.named("backend", "gpu", all));
    assertEquals(
        "backend: expected one that runs here (nd4j), got gpu, which cannot: "
            + Broken.class.getName()
            + ".support() failed: java.lang.UnsatisfiedLinkError: no cudart in path",
        e.getMessage());
  }

  @Test
  void property_underItsFormerName_stillWorks() {
    assertEquals("a", BackendRegistry.chosen("a", "b"));
    assertEquals("b", BackendRegistry.chosen(null, "b"));
    assertNull(BackendRegistry.chosen(null, null));
  }

  @Test
  void of_twice_isTheSame() {
    Backend nd4j = Backend.of("nd4j");

    assertSame(nd4j, Backend.of("nd4j"));
    assertSame(nd4j.kernels(), Kernels.reference());
    assertTrue(nd4j.memory().isHost());
    assertEquals(
        "the reference",
        Objects.requireNonNull(Backend.available().get("nd4j")).reason().substring(0, 13));
  }

  @Test
  void providers_always_holdTheReferenceOnce() {
    List<BackendProvider> references =
        BackendRegistry.providers().stream()
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
    Path services = folder.resolve("META-INF/services/" + BackendProvider.class.getName());
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
      Method own =
          library.loadClass(BackendRegistry.class.getName()).getDeclaredMethod("providers");
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
  public static final class Offered implements BackendProvider {
    /** For the service loader. */
    public Offered() {}

    @Override
    public String name() {
      return "offered";
    }

    @Override
    public Support support() {
      return new Support(0, "for a test");
    }

    @Override
    public Backend create() {
      throw new AssertionError("looked for, not created");
    }
  }

  /** A provider of two devices; each is a memory beside the other's. */
  public static final class Twin implements BackendProvider {
    /** For the service loader. */
    public Twin() {}

    @Override
    public String name() {
      return "twin";
    }

    @Override
    public Support support() {
      return new Support(1, "two of them");
    }

    @Override
    public List<String> devices() {
      return List.of("twin:0", "twin:1");
    }

    @Override
    public Backend create() {
      return create("twin:0");
    }

    @Override
    public Backend create(String device) {
      return Disguise.named(device, Backend.of("nd4j"));
    }
  }

  @Test
  void of_deviceOfAProvider_isABackendOfItsOwn(@TempDir Path folder) throws Exception {
    offering(
        Twin.class,
        folder,
        () -> {
          Backend first = Backend.of("twin:0");
          Backend second = Backend.of("twin:1");

          assertSame(first, Backend.of("twin"), "the first device");
          assertSame(second, Backend.of("twin:1"));
          assertEquals(List.of("twin:0", "twin:1"), List.of(first.name(), second.name()));
          assertNotSame(first.memory(), second.memory());
          Set<String> all = Backend.available().keySet();
          assertTrue(all.containsAll(List.of("nd4j", "twin:0", "twin:1")), all::toString);
          assertFalse(all.contains("twin"), all::toString);
        });
  }

  @Test
  void of_devices_computeSideBySideAndAreNotMixed(@TempDir Path folder) throws Exception {
    offering(
        Twin.class,
        folder,
        () -> {
          try (Scope one = Scope.open(Backend.of("twin:0"));
              Scope other = Scope.open(Backend.of("twin:1"))) {
            Tensor here = Tensor.of(new float[] {1, 2}, 2);
            Tensor there = here.to(Backend.of("twin:0"));

            assertArrayEquals(new float[] {2, 4}, here.add(here).toFloats());
            assertArrayEquals(new float[] {2, 4}, there.add(there).toFloats());
            String message =
                String.valueOf(
                    assertThrows(IllegalArgumentException.class, () -> here.add(there))
                        .getMessage());
            assertTrue(message.contains("twin:0") && message.contains("twin:1"), message);
          }
        });
  }

  @Test
  void of_deviceThatIsNotThere_listsThoseThatAre(@TempDir Path folder) throws Exception {
    offering(
        Twin.class,
        folder,
        () -> {
          var e = assertThrows(IllegalArgumentException.class, () -> Backend.of("twin:2"));

          assertTrue(
              String.valueOf(e.getMessage())
                  .matches("backend: expected .*twin:0 or twin:1.*, got twin:2; choose one .*"),
              e::getMessage);
        });
    var ofNone =
        assertThrows(
            IllegalArgumentException.class,
            () -> BackendRegistry.named("backend", "absent:1", providers));
    assertEquals(
        "backend: expected one that runs here (nd4j or fast), got absent:1, which cannot: no such"
            + " processor here",
        ofNone.getMessage());
  }

  /** Runs a body on a thread whose class loader offers a provider. */
  private static void offering(
      Class<? extends BackendProvider> provider, Path folder, Executable body) throws Exception {
    Path services = folder.resolve("META-INF/services/" + BackendProvider.class.getName());
    Files.createDirectories(services.getParent());
    Files.writeString(services, provider.getName());
    Thread thread = Thread.currentThread();
    ClassLoader before = thread.getContextClassLoader();
    try (var loader = new URLClassLoader(new URL[] {folder.toUri().toURL()}, before)) {
      thread.setContextClassLoader(loader);
      body.execute();
    } catch (Exception | Error e) {
      throw e;
    } catch (Throwable e) {
      throw new AssertionError(e);
    } finally {
      thread.setContextClassLoader(before);
    }
  }

  @Test
  void complaint_whereBfloat16IsNotMultiplied_saysThatFloat32IsFaster() {
    assertEquals(
        "bfloat16: kernels that multiply it expected, got nd4j, which round to it and multiply"
            + " float32 here; float32 is faster",
        BackendRegistry.complaint(Precision.BFLOAT16, Kernels.reference()));
    assertNull(BackendRegistry.complaint(Precision.FLOAT32, Kernels.reference()));
  }
}
