package io.github.blip2j.spark;

import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;

/** Threads that do not keep a process alive. */
final class Daemons {
  private Daemons() {}

  static Thread thread(String name, Runnable work) {
    var thread = new Thread(work, name);
    thread.setDaemon(true);
    return thread;
  }

  static ExecutorService pool(String name, int threads) {
    return Executors.newFixedThreadPool(threads, work -> thread(name, work));
  }
}
