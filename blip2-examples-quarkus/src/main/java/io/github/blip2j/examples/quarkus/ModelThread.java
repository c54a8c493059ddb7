package io.github.blip2j.examples.quarkus;

import jakarta.annotation.PreDestroy;
import jakarta.inject.Singleton;
import java.util.concurrent.ArrayBlockingQueue;
import java.util.concurrent.Callable;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.ThreadPoolExecutor;
import java.util.concurrent.TimeUnit;
import org.eclipse.microprofile.config.inject.ConfigProperty;

/**
 * One thread that runs the model, because one call already uses all cores: more would only take
 * memory and wait for each other. Those who wait are counted, and one too many is refused.
 */
@Singleton
class ModelThread {
  private final ThreadPoolExecutor executor;

  ModelThread(@ConfigProperty(name = "pictures.queue") int queue) {
    executor =
        new ThreadPoolExecutor(
            1,
            1,
            0,
            TimeUnit.SECONDS,
            new ArrayBlockingQueue<>(queue),
            work -> new Thread(work, "model"));
  }

  /**
   * Runs work after that which came before.
   *
   * @throws RejectedExecutionException if too much waits already
   */
  <T> CompletionStage<T> submit(Callable<T> work) {
    var result = new CompletableFuture<T>();
    executor.execute(
        () -> {
          try {
            result.complete(work.call());
          } catch (Throwable e) { // whoever waits has to learn of errors too
            result.completeExceptionally(e);
          }
        });
    return result;
  }

  @PreDestroy
  void close() throws InterruptedException {
    executor.shutdown();
    if (!executor.awaitTermination(30, TimeUnit.SECONDS)) {
      executor.shutdownNow();
    }
  }
}
