package io.github.blip2j.onednn.primitive;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import org.bytedeco.dnnl.IntMemoryMap;
import org.bytedeco.dnnl.global.dnnl;
import org.bytedeco.dnnl.memory;
import org.bytedeco.dnnl.primitive;
import org.bytedeco.dnnl.primitive_desc_base;
import org.bytedeco.javacpp.Pointer;

/**
 * An oneDNN primitive with its operands' memory objects, which can be run on other operands again.
 *
 * <p>A run creates no objects: the memory objects stay, and only changed addresses are set.
 */
public final class Primitive {
  private static final long UNSET = -1;

  private final PrimitiveCache calls;
  private final primitive kernel;
  private final long scratchpadSize;
  private final IntMemoryMap arguments = new IntMemoryMap();
  private final List<memory> places = new ArrayList<>();
  private final Memory address = Memory.movable();
  private long[] addresses = {};
  private boolean small;

  /** A primitive without operands; {@link #operand} adds them in the order of {@link #run}. */
  public Primitive(PrimitiveCache calls, primitive kernel, primitive_desc_base description) {
    this.calls = calls;
    this.kernel = kernel;
    memory.desc scratchpad = description.scratchpad_desc();
    this.scratchpadSize = scratchpad.get_size();
    // First in the list, where run() expects its address.
    operand(dnnl.DNNL_ARG_SCRATCHPAD, scratchpad);
  }

  /** Adds the next operand. */
  public Primitive operand(int argument, memory.desc description) {
    memory place = new memory(description, calls.engine(), (Pointer) null);
    places.add(place);
    arguments.put(argument, place);
    addresses = Arrays.copyOf(addresses, places.size());
    addresses[places.size() - 1] = UNSET;
    return this;
  }

  /** Marks the primitive as small: not worth another thread. */
  Primitive small() {
    small = true;
    return this;
  }

  /** The layout of an operand by its index in {@link #run}; the kernel may have chosen it. */
  memory.desc description(int operand) {
    return places.get(operand + 1).get_desc();
  }

  /** Runs the primitive with the operands at these addresses. */
  void run(long... operands) {
    if (operands.length != places.size() - 1) {
      throw new AssertionError(
          "call: operands expected " + (places.size() - 1) + ", got " + operands.length);
    }
    place(0, scratchpadSize == 0 ? 0 : calls.scratchpad(scratchpadSize));
    for (int i = 0; i < operands.length; i++) {
      place(i + 1, operands[i]);
    }
    if (small) {
      calls.team().alone(this::execute);
    } else {
      execute();
    }
  }

  private Primitive execute() {
    kernel.execute(calls.stream(), arguments);
    return this;
  }

  private void place(int index, long at) {
    if (addresses[index] != at) {
      places.get(index).set_data_handle(address.move(at));
      addresses[index] = at;
    }
  }

  /** Releases the native objects, which the collector would do late. */
  void close() {
    arguments.deallocate();
    places.forEach(Pointer::deallocate);
    kernel.deallocate();
  }
}
