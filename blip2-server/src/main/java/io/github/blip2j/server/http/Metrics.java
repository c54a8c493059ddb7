package io.github.blip2j.server.http;

import io.github.blip2j.server.work.WorkListener;
import io.github.blip2j.server.work.WorkQueue;
import io.micrometer.core.instrument.Counter;
import io.micrometer.core.instrument.DistributionSummary;
import io.micrometer.core.instrument.Gauge;
import io.micrometer.core.instrument.Timer;
import io.micrometer.core.instrument.binder.jvm.JvmGcMetrics;
import io.micrometer.core.instrument.binder.jvm.JvmMemoryMetrics;
import io.micrometer.core.instrument.binder.system.ProcessorMetrics;
import io.micrometer.prometheusmetrics.PrometheusConfig;
import io.micrometer.prometheusmetrics.PrometheusMeterRegistry;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;

/** Counts for Prometheus. */
public final class Metrics implements WorkListener, AutoCloseable {
  private static final Path STATUS = Path.of("/proc/self/status");

  private final PrometheusMeterRegistry registry =
      new PrometheusMeterRegistry(PrometheusConfig.DEFAULT);
  private final Timer queued =
      timer("blip2_queue_seconds", "from a request's arrival to its start");
  private final Timer first = timer("blip2_time_to_first_token_seconds", "from a batch's start");
  private final Counter tokens = registry.counter("blip2_tokens_total");
  private final Counter rejected = registry.counter("blip2_rejected_total");
  private final Counter cancelled = registry.counter("blip2_cancelled_total");
  private final JvmGcMetrics collector = new JvmGcMetrics();

  /** Counts of nothing yet. */
  public Metrics() {
    new JvmMemoryMetrics().bindTo(registry);
    new ProcessorMetrics().bindTo(registry);
    collector.bindTo(registry);
    Gauge.builder("blip2_resident_bytes", Metrics::residentBytes)
        .description("memory of the process, native memory included; 0 where unknown")
        .register(registry);
  }

  private Timer timer(String name, String description) {
    return Timer.builder(name)
        .description(description)
        .publishPercentiles(0.5, 0.9, 0.99)
        .register(registry);
  }

  /** Shows the queue's length. */
  public void observe(WorkQueue queue) {
    Gauge.builder("blip2_queue_size", queue, WorkQueue::waiting).register(registry);
    Gauge.builder("blip2_running", queue, WorkQueue::running).register(registry);
  }

  /** A request was answered. */
  void answered(String endpoint, int status, long nanos) {
    registry
        .counter("blip2_requests_total", "endpoint", endpoint, "status", Integer.toString(status))
        .increment();
    registry.timer("blip2_request_seconds", "endpoint", endpoint).record(Duration.ofNanos(nanos));
  }

  /** All of it in Prometheus's text format. */
  String text() {
    return registry.scrape();
  }

  @Override
  public void ran(String label, int size, double seconds) {
    DistributionSummary.builder("blip2_batch_size")
        .tag("work", label)
        .register(registry)
        .record(size);
    registry.timer("blip2_batch_seconds", "work", label).record(duration(seconds));
  }

  @Override
  public void waited(double seconds) {
    queued.record(duration(seconds));
  }

  @Override
  public void tokens(int count) {
    tokens.increment(count);
  }

  @Override
  public void firstToken(double seconds) {
    first.record(duration(seconds));
  }

  @Override
  public void rejected() {
    rejected.increment();
  }

  @Override
  public void cancelled() {
    cancelled.increment();
  }

  @Override
  public void features(boolean there) {
    registry.counter("blip2_features_total", "cached", Boolean.toString(there)).increment();
  }

  private static Duration duration(double seconds) {
    return Duration.ofNanos((long) (seconds * 1e9));
  }

  private static double residentBytes() {
    try {
      for (String line : Files.readAllLines(STATUS)) {
        if (line.startsWith("VmRSS:")) {
          return Double.parseDouble(line.replaceAll("[^0-9]", "")) * 1024;
        }
      }
    } catch (IOException e) {
      // no Linux
    }
    return 0;
  }

  @Override
  public void close() {
    collector.close();
    registry.close();
  }
}
