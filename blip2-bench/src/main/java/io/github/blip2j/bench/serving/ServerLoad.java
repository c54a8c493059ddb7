package io.github.blip2j.bench.serving;

import io.github.blip2j.blip2.Blip2;
import io.github.blip2j.vision.image.Image;
import io.github.blip2j.vision.image.ImageDecoder;
import java.io.IOException;
import java.io.PrintStream;
import java.net.URI;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicLong;
import java.util.function.IntConsumer;

/**
 * Puts load on a running {@code blip2 serve} with the bundled model, and prints one line for each
 * figure.
 *
 * <pre>{@code
 * ServerLoad URL throughput REQUESTS   requests a second of 1 and of 16 clients, in turn
 * ServerLoad URL overload REQUESTS     64 clients and a queue that is too short for them
 * ServerLoad URL slow CLIENTS          a fast client beside slow ones
 * ServerLoad URL stream TIMES          the first piece of a stream against the library's
 * }</pre>
 */
public final class ServerLoad {
  private static final int MANY = 16;
  private static final int TOO_MANY = 64;
  private static final int PICTURES = 50;
  private static final int ROUNDS = 3;
  private static final long PAUSE_MILLIS = 20; // after a 503

  private final LoadClient client;
  private final PrintStream out;

  private ServerLoad(URI address, PrintStream out) {
    this.client = new LoadClient(address);
    this.out = out;
  }

  /** Runs one kind of load. */
  public static void main(String[] args) throws IOException, InterruptedException {
    if (args.length != 3) {
      throw new IllegalArgumentException(
          "usage: ServerLoad URL throughput|overload|slow|stream NUMBER");
    }
    var load = new ServerLoad(URI.create(args[0]), System.out);
    int number = Integer.parseInt(args[2]);
    switch (args[1]) {
      case "throughput" -> load.throughput(number);
      case "overload" -> load.overload(number);
      case "slow" -> load.slow(number);
      case "stream" -> load.stream(number);
      default ->
          throw new IllegalArgumentException("throughput, overload, slow or stream expected");
    }
  }

  /** One client and many in turn; every picture is new, so that none is known already. */
  private void throughput(int requests) throws InterruptedException {
    var next = new AtomicLong(System.nanoTime());
    timed(1, requests / 4, next); // warm-up
    timed(MANY, requests / 2, next);
    for (int round = 0; round < ROUNDS; round++) {
      double one = requests / timed(1, requests, next);
      double many = requests / timed(MANY, requests, next);
      print("1 client %.1f/s, %d clients %.1f/s: %.2f times", one, MANY, many, many / one);
    }
  }

  private double timed(int clients, int requests, AtomicLong next) throws InterruptedException {
    List<byte[]> pictures = new ArrayList<>();
    for (int i = 0; i < requests; i++) {
      pictures.add(Pictures.png(next.incrementAndGet()));
    }
    long begun = System.nanoTime();
    inParallel(
        clients,
        requests,
        i -> {
          LoadClient.Answer answer = client.caption(pictures.get(i));
          if (answer.status() != 200) {
            throw new IllegalStateException("200 expected, got " + answer);
          }
        });
    return (System.nanoTime() - begun) / 1e9;
  }

  private static void inParallel(int threads, int count, IntConsumer work)
      throws InterruptedException {
    var next = new AtomicInteger();
    var done = new CountDownLatch(threads);
    var failures = new ConcurrentLinkedQueue<RuntimeException>();
    for (int t = 0; t < threads; t++) {
      var thread =
          new Thread(
              () -> {
                try {
                  for (int i = next.getAndIncrement(); i < count; i = next.getAndIncrement()) {
                    work.accept(i);
                  }
                } catch (RuntimeException e) {
                  failures.add(e);
                } finally {
                  done.countDown();
                }
              });
      thread.setDaemon(true);
      thread.start();
    }
    done.await();
    if (!failures.isEmpty()) {
      throw new IllegalStateException(
          failures.size() + " clients failed; the cause is the first failure", failures.peek());
    }
  }

  private void overload(int requests) throws IOException, InterruptedException {
    List<byte[]> pictures = new ArrayList<>();
    List<String> expected = new ArrayList<>();
    try (Blip2 blip2 = Blip2.bundled()) {
      for (int i = 0; i < PICTURES; i++) {
        pictures.add(Pictures.png(i));
        expected.add(blip2.caption(decoded(pictures.get(i))));
      }
    }
    for (int part = 1; part <= 4; part++) {
      overload(pictures, expected, requests / 4, part);
    }
  }

  private void overload(List<byte[]> pictures, List<String> expected, int requests, int part)
      throws InterruptedException {
    var good = new Latencies();
    var busy = new Latencies();
    var wrong = new AtomicInteger();
    inParallel(
        TOO_MANY,
        requests,
        i -> {
          LoadClient.Answer answer = client.caption(pictures.get(i % PICTURES));
          if (answer.status() == 200 && answer.text().equals(expected.get(i % PICTURES))) {
            good.add(answer.millis());
          } else if (answer.status() == 503) {
            busy.add(answer.millis());
            pause();
          } else {
            wrong.incrementAndGet();
            out.println(answer);
          }
        });
    print(
        "part %d: %d right (%s), %d times 503 (%s), %d wrong or lost, resident %.0f MiB",
        part,
        good.size(),
        good,
        busy.size(),
        busy,
        wrong.get(),
        client.metric("blip2_resident_bytes") / (1 << 20));
  }

  private static void pause() {
    try {
      Thread.sleep(PAUSE_MILLIS);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }

  private void slow(int clients) throws IOException {
    byte[] picture = Pictures.png(1);
    for (int i = 0; i < 20; i++) {
      client.caption(picture); // warm-up
    }
    var alone = new Latencies();
    var beside = new Latencies();
    for (int i = 0; i < 50; i++) {
      alone.add(client.caption(picture).millis());
    }
    try (var others = new SlowClients(client.address(), clients)) {
      for (int i = 0; i < 50; i++) {
        beside.add(client.caption(picture).millis());
      }
      print("alone %s; beside %d slow clients %s", alone, clients, beside);
      print("%d of them were cut off meanwhile", others.cutOff());
    }
  }

  private void stream(int times) throws IOException {
    var served = new Latencies();
    var library = new Latencies();
    try (Blip2 blip2 = Blip2.bundled()) {
      for (int i = -times / 2; i < times; i++) {
        byte[] picture = Pictures.png(System.nanoTime());
        double there = client.firstPiece(picture);
        double here = firstPiece(blip2, picture);
        if (i >= 0) {
          served.add(there);
          library.add(here);
        }
      }
    }
    print("first piece: served %s, library %s", served, library);
  }

  private static double firstPiece(Blip2 blip2, byte[] picture) throws IOException {
    long begun = System.nanoTime();
    var first = new AtomicLong();
    blip2.stream(
        decoded(picture),
        "",
        blip2.captionConfig(),
        piece -> first.compareAndSet(0, System.nanoTime()));
    return (first.get() - begun) / 1e6;
  }

  private static Image decoded(byte[] picture) throws IOException {
    return new ImageDecoder().decode(picture, "picture");
  }

  private void print(String format, Object... values) {
    out.println(String.format(Locale.ROOT, format, values));
  }
}
