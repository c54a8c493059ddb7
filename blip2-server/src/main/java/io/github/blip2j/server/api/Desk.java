package io.github.blip2j.server.api;

import com.google.gson.JsonObject;
import io.github.blip2j.server.models.ModelKind.Task;
import io.github.blip2j.server.models.ModelSource;
import io.github.blip2j.server.models.ModelStore;
import io.github.blip2j.server.models.ModelStore.Defaults;
import io.github.blip2j.server.photos.PhotoSearch;
import io.github.blip2j.server.work.Job;
import io.github.blip2j.server.work.LoadJob;
import io.github.blip2j.server.work.WorkQueue;
import java.util.List;
import java.util.Locale;
import java.util.concurrent.Executor;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/** What endpoints have in common: the models, and the way work takes to the queue and back. */
public final class Desk {
  private final ModelStore models;
  private final WorkQueue queue;
  private final Executor executor;
  private final Images images;
  private final @Nullable PhotoSearch search;

  /**
   * A desk.
   *
   * @param executor runs what is done with results, so that the model thread goes on
   * @param images those that requests name
   * @param search the index of photos, or null without one
   */
  public Desk(
      ModelStore models,
      WorkQueue queue,
      Executor executor,
      Images images,
      @Nullable PhotoSearch search) {
    this.models = models;
    this.queue = queue;
    this.executor = executor;
    this.images = images;
    this.search = search;
  }

  @Nullable PhotoSearch search() {
    return search;
  }

  Images images() {
    return images;
  }

  ModelStore models() {
    return models;
  }

  WorkQueue queue() {
    return queue;
  }

  /** The model that a request names, or the first that can do the task. */
  ModelSource model(@Nullable String name, Task task) {
    if (name == null || name.isEmpty()) {
      return models
          .firstFor(task)
          .orElseThrow(
              () ->
                  ApiException.unknownModel(
                      String.format(
                          Locale.ROOT,
                          "model: one expected that can %s, got none among %s",
                          task.label(),
                          names())));
    }
    ModelSource source =
        models
            .find(name)
            .orElseThrow(
                () ->
                    ApiException.unknownModel(
                        String.format(
                            Locale.ROOT,
                            "model: one of %s expected, got '%s'",
                            names(),
                            ApiException.shortened(name))));
    if (!source.kind().can(task)) {
      throw ApiException.invalid(
          "model",
          "one that can %s expected, got '%s', which can %s",
          task.label(),
          name,
          source.kind().tasks().stream().map(Task::label).toList());
    }
    return source;
  }

  private List<String> names() {
    return models.sources().stream().map(ModelSource::name).toList();
  }

  /** Goes on as soon as the model's own settings are known, which may load it. */
  void withDefaults(ModelSource source, Reply reply, Consumer<Defaults> next) {
    Defaults known = models.defaults(source.name());
    if (known != null) {
      next.accept(known);
      return;
    }
    submit(
        new LoadJob(source.name()),
        reply,
        loaded -> {
          Defaults now = models.defaults(source.name());
          if (now == null) {
            throw new IllegalStateException("a loaded model without settings");
          }
          next.accept(now);
        });
  }

  /** Puts a job into the queue; its failure is answered, and nobody waiting cancels it. */
  <R> void submit(Job<R> job, Reply reply, Consumer<R> answer) {
    queue.add(job);
    reply.onAbandoned(reason -> queue.cancel(job, reason));
    var unused =
        job.result()
            .whenCompleteAsync(
                (result, failure) -> {
                  if (failure != null) {
                    reply.fail(failure);
                    return;
                  }
                  try {
                    answer.accept(result);
                  } catch (RuntimeException e) {
                    reply.fail(e);
                  }
                },
                executor);
  }

  /** Milliseconds of a job, for answers: waiting, working and both. */
  static JsonObject timing(Job<?> job, long beganNanos) {
    double total = (System.nanoTime() - beganNanos) / 1e6;
    var timing = new JsonObject();
    timing.addProperty("queue", round(job.queuedMillis()));
    timing.addProperty("model", round(Math.max(0, total - job.queuedMillis())));
    timing.addProperty("total", round(total));
    return timing;
  }

  private static double round(double millis) {
    return Math.round(millis * 100) / 100.0;
  }
}
