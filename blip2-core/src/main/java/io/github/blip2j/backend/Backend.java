package io.github.blip2j.backend;

import io.github.blip2j.tensor.types.Precision;
import java.util.Map;

/**
 * What tensors are computed with: kernels, and the memory that they read and write. Every tensor
 * has one, and the results of operations have that of their operands.
 *
 * <p>A scope decides on which backend tensors are made: {@code Scope.open(backend)}. Scopes inside
 * it, and scopes opened without a name, inherit the enclosing one's; the outermost has the {@link
 * #preferred} one. Several backends work side by side in one process.
 */
public final class Backend {
  private final String name;
  private final Kernels kernels;
  private final DeviceMemory memory;
  private final String device;

  /**
   * A backend, made by its provider.
   *
   * @param name the provider's name, or that of one of its {@linkplain BackendProvider#devices
   *     devices}
   * @param device for {@code blip2 doctor}, such as {@code cpu} or the name of a graphics card
   */
  public Backend(String name, Kernels kernels, DeviceMemory memory, String device) {
    this.name = name;
    this.kernels = kernels;
    this.memory = memory;
    this.device = device;
  }

  /** A backend that computes in this machine's memory on its CPU. */
  public static Backend onHost(String name, Kernels kernels) {
    return new Backend(name, kernels, DeviceMemory.host(), "cpu");
  }

  /**
   * The backend of this name; the same object each time. A provider's name stands for its first
   * device, and {@code cuda:1} for another.
   *
   * @throws IllegalArgumentException if there is none of this name, or it cannot run here
   */
  public static Backend of(String name) {
    return BackendRegistry.of(name);
  }

  /**
   * The backend that the property {@code blip2.backend} names, otherwise the fastest one that runs
   * here. It is chosen at the first call.
   *
   * @throws IllegalArgumentException if the property names none, or one that cannot run here
   */
  public static Backend preferred() {
    return BackendRegistry.preferred();
  }

  /** The names of all backends on the class path, with whether and why they can run here. */
  public static Map<String, BackendProvider.Support> available() {
    return BackendRegistry.available();
  }

  /** The name for {@link #of}. */
  public String name() {
    return name;
  }

  /** What computes. */
  public Kernels kernels() {
    return kernels;
  }

  /** Where tensors are. */
  public DeviceMemory memory() {
    return memory;
  }

  /** What the kernels run on, such as {@code cpu}. */
  public String device() {
    return device;
  }

  /** Warns once for each precision if products in it are not faster here. */
  public void warnIfSlow(Precision precision) {
    BackendRegistry.warnIfSlow(precision, kernels);
  }

  @Override
  public String toString() {
    return name;
  }
}
