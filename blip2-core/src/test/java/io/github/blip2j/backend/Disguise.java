package io.github.blip2j.backend;

import io.github.blip2j.backend.BackendProvider.Support;
import io.github.blip2j.tensor.types.DType;
import io.github.blip2j.tensor.types.Shape;
import java.lang.reflect.InvocationTargetException;
import java.lang.reflect.Method;
import java.lang.reflect.Proxy;
import java.nio.ByteBuffer;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * A backend with a memory of its own, for tests on machines without a device: this machine's memory
 * behind addresses that are 2^56 too large. Its kernels take the disguise off and call those of
 * another backend, and its transfers do the same. Nothing else may follow such an address: Java
 * that tries gets an {@link IllegalStateException} from {@link HostMemory#bytes} or {@link
 * RawTensor#hostAddress}, and native code that does would crash the process.
 *
 * <p>With {@code -Dblip2.test.disguise=nd4j} (or {@code onednn}) it is the preferred backend, so
 * that any test runs on it.
 */
public final class Disguise {
  static final String PROPERTY = "blip2.test.disguise";

  private static final long OFFSET = 1L << 56;
  private static final Object NOBODY = new Object(); // the disguised tensor keeps its own memory

  private static final Map<Backend, Backend> MADE = new HashMap<>();

  private Disguise() {}

  /** The disguise of a backend on the host; the same object each time. */
  public static synchronized Backend of(Backend inner) {
    return MADE.computeIfAbsent(inner, each -> named("disguised-" + each.name(), each));
  }

  /** A disguise of this name, with a memory of its own. */
  static Backend named(String name, Backend inner) {
    Kernels kernels =
        (Kernels)
            Proxy.newProxyInstance(
                Disguise.class.getClassLoader(),
                new Class<?>[] {Kernels.class},
                (proxy, method, arguments) -> call(inner, method, arguments));
    return new Backend(name, kernels, new Memory(), "disguised cpu");
  }

  private static @Nullable Object call(
      Backend inner, Method method, @Nullable Object @Nullable [] arguments) throws Throwable {
    if (method.getName().equals("pack")) {
      return null; // another's layout has another's memory
    }
    try {
      Object[] plain =
          arguments == null
              ? null
              : Arrays.stream(arguments).map(argument -> undisguised(inner, argument)).toArray();
      return method.invoke(inner.kernels(), plain);
    } catch (InvocationTargetException e) {
      throw e.getCause();
    }
  }

  private static @Nullable Object undisguised(Backend inner, @Nullable Object argument) {
    if (argument instanceof RawTensor tensor) {
      return plain(inner, tensor);
    } else if (argument instanceof RawTensor[] tensors) {
      return Arrays.stream(tensors).map(tensor -> plain(inner, tensor)).toArray(RawTensor[]::new);
    } else if (argument instanceof List<?> list) {
      return list.stream().map(element -> undisguised(inner, element)).toList();
    } else if (argument instanceof Affine map) {
      RawTensor bias = map.bias();
      return new Affine(
          plain(inner, map.weight()), bias == null ? null : plain(inner, bias), map.activation());
    }
    return argument;
  }

  private static RawTensor plain(Backend inner, RawTensor x) {
    if (!(x.backend().memory() instanceof Memory)) {
      throw new AssertionError("kernels: disguised operand expected, got " + x + " elsewhere");
    }
    if (x.packing() instanceof Int8Weight rounded) {
      long first = rounded.scales().address();
      long scaleBytes = rounded.values().address() - first;
      Shape all = Shape.of(scaleBytes + x.size());
      return new Packed(
          Int8Weight.on(at(inner, first, DType.UINT8, Layout.dense(all)), x.shape(), scaleBytes));
    }
    return at(inner, x.address(), x.dtype(), Layout.of(x.shape(), x.strides()));
  }

  private static RawTensor at(Backend inner, long address, DType dtype, Layout layout) {
    return PlainTensor.wrap(inner, address - OFFSET, dtype, layout, NOBODY);
  }

  private static final class Packed extends RawTensor {
    Packed(PackedWeight packing) {
      super(packing);
    }
  }

  /** Memory of this machine that claims to be a device's. */
  private static final class Memory extends DeviceMemory {
    Memory() {
      super("disguised");
    }

    @Override
    protected long allocate(long bytes) {
      long address = DeviceMemory.host().allocate(bytes);
      return address == 0 ? 0 : address + OFFSET;
    }

    @Override
    protected void free(long address) {
      DeviceMemory.host().free(address - OFFSET);
    }

    @Override
    protected long available() {
      return DeviceMemory.host().available();
    }

    @Override
    protected void copyIn(ByteBuffer host, long address) {
      HostMemory.bytes(address - OFFSET, host.remaining()).put(host);
    }

    @Override
    protected void copyOut(long address, ByteBuffer host) {
      host.put(HostMemory.bytes(address - OFFSET, host.remaining()));
    }
  }

  /** Makes it the preferred backend if the property names what it disguises. */
  public static final class Provider implements BackendProvider {
    /** For the service loader. */
    public Provider() {}

    @Override
    public String name() {
      return "disguised";
    }

    @Override
    public Support support() {
      String inner = System.getProperty(PROPERTY);
      return inner == null ? new Support(0, "for tests") : new Support(1000, "over " + inner);
    }

    @Override
    public Backend create() {
      return of(Backend.of(System.getProperty(PROPERTY)));
    }
  }
}
