package io.github.blip2j.onednn.primitive;

import java.util.LinkedHashMap;
import java.util.Map;
import java.util.function.LongFunction;
import java.util.function.Supplier;
import org.bytedeco.dnnl.engine;
import org.bytedeco.dnnl.global.dnnl.scratchpad_mode;
import org.bytedeco.dnnl.post_ops;
import org.bytedeco.dnnl.primitive_attr;
import org.bytedeco.dnnl.stream;
import org.bytedeco.javacpp.BytePointer;
import org.bytedeco.javacpp.Pointer;

/**
 * An LRU cache of primitives, and the scratchpad that they share. One thread at a time uses it
 * ({@link PrimitivePool}).
 *
 * <p>The code that oneDNN compiles for a shape is shared by all caches, through oneDNN's own cache:
 * making a primitive for a known shape takes microseconds.
 */
public final class PrimitiveCache {
  /** Far more than the shapes of a model in use; bounds the cache if shapes keep changing. */
  public static final int MOST = 1024;

  /** Operations up to this number of elements finish before another thread wakes. */
  private static final long SMALL = 1 << 15;

  private final engine cpu;
  private final stream inOrder;
  private final Map<PrimitiveKey, Primitive> ready =
      new LinkedHashMap<>(64, 0.75f, true); // by last use
  private final int most;
  private final OpenMpThreads team;
  private final LongFunction<Pointer> allocator;
  private Pointer scratchpad = new Pointer();
  private long scratchpadSize;

  public PrimitiveCache(engine cpu, OpenMpThreads team, int most) {
    this(cpu, team, most, BytePointer::new);
  }

  PrimitiveCache(engine cpu, OpenMpThreads team, int most, LongFunction<Pointer> allocator) {
    this.cpu = cpu;
    this.team = team;
    this.most = most;
    this.allocator = allocator;
    this.inOrder = new stream(cpu);
  }

  /** The primitive for {@code key}, created by {@code maker} if it is not cached. */
  Primitive get(PrimitiveKey key, Supplier<Primitive> maker) {
    return get(key, key.largest() <= SMALL, maker);
  }

  /**
   * The primitive for {@code key}; a {@code small} one, which takes less time than waking threads,
   * runs on one thread.
   */
  Primitive get(PrimitiveKey key, boolean small, Supplier<Primitive> maker) {
    // A primitive is made for the number of threads that will run it.
    PrimitiveKey here = key.forThreads(small ? 1 : team.size());
    Primitive call = ready.get(here);
    if (call == null) {
      call = small ? team.alone(() -> maker.get().small()) : maker.get();
      makeRoom();
      ready.put(here, call);
    }
    return call;
  }

  private void makeRoom() {
    if (ready.size() >= most) {
      var oldest = ready.entrySet().iterator();
      oldest.next().getValue().close();
      oldest.remove();
    }
  }

  OpenMpThreads team() {
    return team;
  }

  int size() {
    return ready.size();
  }

  public engine engine() {
    return cpu;
  }

  stream stream() {
    return inOrder;
  }

  /**
   * Memory for intermediate results of the current call.
   *
   * @throws OutOfMemoryError if there is not enough; the next call starts without a scratchpad
   */
  long scratchpad(long size) {
    if (size > scratchpadSize) {
      long larger = Math.max(size, 2 * scratchpadSize);
      scratchpadSize = 0; // the old one is freed, and the next line may fail
      scratchpad.deallocate();
      scratchpad = allocator.apply(larger + 64);
      scratchpadSize = larger;
    }
    return (scratchpad.address() + 63) & -64;
  }

  /** The attributes of every primitive here. */
  public static primitive_attr attributes() {
    primitive_attr attributes = new primitive_attr();
    attributes.set_scratchpad_mode(scratchpad_mode.user);
    return attributes;
  }

  /** The attributes of all primitives, with post-operations on the result. */
  public static primitive_attr attributes(post_ops after) {
    primitive_attr attributes = attributes();
    attributes.set_post_ops(after);
    return attributes;
  }
}
