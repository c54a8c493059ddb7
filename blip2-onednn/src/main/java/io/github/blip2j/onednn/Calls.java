package io.github.blip2j.onednn;

import java.util.LinkedHashMap;
import java.util.Map;
import java.util.function.Supplier;
import org.bytedeco.dnnl.engine;
import org.bytedeco.dnnl.global.dnnl.scratchpad_mode;
import org.bytedeco.dnnl.post_ops;
import org.bytedeco.dnnl.primitive_attr;
import org.bytedeco.dnnl.stream;
import org.bytedeco.javacpp.Pointer;

/**
 * The calls that one thread has made ready, the latest used kept.
 *
 * <p>Threads share nothing here. A primitive's own scratchpad belongs to the primitive, so two
 * threads that run it at once overwrite each other's intermediate results and get wrong numbers
 * without a sign; a call's operands would race in the same way. So each thread has its calls, and
 * gives each its own scratchpad. The code that oneDNN compiles for a shape is shared all the same,
 * through the cache that it keeps itself, and making a call for a shape it knows takes
 * microseconds.
 */
final class Calls {
  /**
   * Far more than the shapes of a model in use; a thread that meets ever new ones stays bounded.
   */
  static final int MOST = 1024;

  /** Operations whose operands are no larger are done sooner than another thread wakes. */
  private static final long SMALL = 1 << 15;

  private final engine cpu;
  private final stream inOrder;
  private final Map<Key, Call> ready = new LinkedHashMap<>(64, 0.75f, true); // by last use
  private final int most;
  private final Team team;
  private Pointer scratchpad = new Pointer();
  private long scratchpadSize;

  Calls(engine cpu, Team team) {
    this(cpu, team, MOST);
  }

  Calls(engine cpu, Team team, int most) {
    this.cpu = cpu;
    this.team = team;
    this.most = most;
    this.inOrder = new stream(cpu);
  }

  /** The call for {@code key}, made by {@code maker} if this thread has not met it lately. */
  Call get(Key key, Supplier<Call> maker) {
    return get(key, key.largest() <= SMALL, maker);
  }

  /** The same, told whether the call is {@code small}: done sooner than another thread wakes. */
  Call get(Key key, boolean small, Supplier<Call> maker) {
    Call call = ready.get(key);
    if (call == null) {
      // A kernel is made for the threads that will run it.
      call = small ? team.alone(() -> maker.get().small()) : maker.get();
      makeRoom();
      ready.put(key, call);
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

  Team team() {
    return team;
  }

  int size() {
    return ready.size();
  }

  engine engine() {
    return cpu;
  }

  stream stream() {
    return inOrder;
  }

  /** Memory for intermediate results of whichever call runs now. */
  long scratchpad(long size) {
    if (size > scratchpadSize) {
      scratchpad.deallocate();
      scratchpadSize = Math.max(size, 2 * scratchpadSize);
      scratchpad = new org.bytedeco.javacpp.BytePointer(scratchpadSize + 64);
    }
    return (scratchpad.address() + 63) & -64;
  }

  /** Attributes of every primitive here. */
  static primitive_attr attributes() {
    primitive_attr attributes = new primitive_attr();
    attributes.set_scratchpad_mode(scratchpad_mode.user);
    return attributes;
  }

  /** The same, with operations on the result. */
  static primitive_attr attributes(post_ops after) {
    primitive_attr attributes = attributes();
    attributes.set_post_ops(after);
    return attributes;
  }
}
