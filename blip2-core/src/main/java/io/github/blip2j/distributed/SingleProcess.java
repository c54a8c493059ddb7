package io.github.blip2j.distributed;

/** One rank alone: nothing to reduce, and parts are the whole. */
final class SingleProcess extends HostCollectives {
  SingleProcess() {
    super(0, 1);
  }

  @Override
  protected Pending start(CollectiveCall call) {
    if (call.source() != call.target()) {
      MemoryLoops.copy(call.source(), call.target(), call.count() * call.dtype().byteSize());
    }
    return () -> {};
  }

  @Override
  public void abort(int code) {
    // nobody waits for this process
  }

  @Override
  public String toString() {
    return "one process";
  }
}
