package io.github.blip2j.mcp;

import java.io.FilterInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.util.concurrent.CountDownLatch;

/** An input that tells when it has ended, which is how a client says that it has gone. */
final class EndSignal extends FilterInputStream {
  private final CountDownLatch ended = new CountDownLatch(1);

  EndSignal(InputStream in) {
    super(in);
  }

  void await() throws InterruptedException {
    ended.await();
  }

  void end() {
    ended.countDown();
  }

  @Override
  public int read() throws IOException {
    boolean read = false;
    try {
      int value = super.read();
      read = value >= 0;
      return value;
    } finally {
      endUnless(read);
    }
  }

  @Override
  public int read(byte[] bytes, int offset, int length) throws IOException {
    boolean read = false;
    try {
      int count = super.read(bytes, offset, length);
      read = count >= 0;
      return count;
    } finally {
      endUnless(read);
    }
  }

  private void endUnless(boolean read) {
    if (!read) {
      end();
    }
  }
}
