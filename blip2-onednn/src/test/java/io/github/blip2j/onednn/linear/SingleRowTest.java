package io.github.blip2j.onednn.linear;

import static org.junit.jupiter.api.Assertions.assertNotNull;

import io.github.blip2j.onednn.primitive.OpenMpThreads;
import io.github.blip2j.onednn.primitive.Primitive;
import io.github.blip2j.onednn.primitive.PrimitiveCache;
import org.bytedeco.dnnl.engine;
import org.bytedeco.dnnl.post_ops;
import org.junit.jupiter.api.Test;

final class SingleRowTest {
  @Test
  void call_oneRow_hasItsKernelHere() {
    PrimitiveCache calls =
        new PrimitiveCache(
            new engine(engine.kind.cpu, 0), new OpenMpThreads(), PrimitiveCache.MOST);

    Primitive call = SingleRow.call(calls, 90, 70, true, new post_ops());

    assertNotNull(call, "oneDNN's x64:gemm:jit inner product");
  }
}
