package io.github.blip2j.server;

import io.github.blip2j.server.http.HttpServer;
import io.github.blip2j.server.http.Limits;
import io.github.blip2j.server.http.Metrics;
import io.github.blip2j.server.models.ModelKind;
import io.github.blip2j.server.models.ModelSource;
import io.github.blip2j.server.models.ModelStore;
import io.github.blip2j.server.photos.PhotoSearch;
import io.github.blip2j.server.work.WorkQueue;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.URI;
import java.net.UnknownHostException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import org.jspecify.annotations.Nullable;

/**
 * A server for BLIP-2 models: OpenAI's API, our own routes, and a page.
 *
 * <pre>{@code
 * try (var server = Blip2Server.start(ServerOptions.defaults())) {
 *   System.out.println(server.uri());
 *   Thread.currentThread().join();
 * }
 * }</pre>
 *
 * <p>It listens at once and answers {@code GET /health} with 503 until its first model is loaded.
 * One thread runs the models; requests that wait for it and are alike run as one batch.
 */
public final class Blip2Server implements AutoCloseable {
  private final ServerOptions options;
  private final WorkQueue queue;
  private final @Nullable PhotoSearch search;
  private final Metrics metrics;
  private final HttpServer http;
  private final CompletableFuture<Void> ready;

  private Blip2Server(
      ServerOptions options,
      InetSocketAddress address,
      ModelStore models,
      @Nullable PhotoSearch search)
      throws IOException {
    this.options = options;
    this.search = search;
    this.metrics = new Metrics();
    this.queue =
        new WorkQueue(
            models, options.queue(), options.featureBytes(), options.maxPixels(), metrics);
    metrics.observe(queue);
    Limits limits =
        Limits.usual(
                options.imageBytes(), options.connections(), options.requestTime(), options.ping())
            .withHeader(options.headerTime());
    this.http =
        new HttpServer(
            address,
            options.apiKey(),
            options.origins(),
            options.imageHosts(),
            limits,
            options.grace(),
            models,
            queue,
            search,
            metrics);
    try {
      http.start();
    } catch (IOException e) {
      metrics.close();
      closeSearch();
      throw e;
    }
    this.ready = queue.start(models.sources().get(0).name());
  }

  /**
   * Starts a server, which listens when this returns.
   *
   * @throws IllegalArgumentException if the address is not loopback's and there is no key
   * @throws IOException if a model is none of ours, or there is no index, or none of a model that
   *     is there, or the address is not free
   */
  public static Blip2Server start(ServerOptions options) throws IOException {
    InetSocketAddress address = address(options);
    if (!address.getAddress().isLoopbackAddress() && options.apiKey() == null) {
      throw new IllegalArgumentException(
          String.format(
              Locale.ROOT,
              "serve: an API key expected where others can reach the server, got none for %s; set"
                  + " --api-key or BLIP2_API_KEY",
              options.host()));
    }
    List<ModelSource> sources = new ArrayList<>();
    for (Map.Entry<String, Optional<Path>> model : options.models().entrySet()) {
      Optional<Path> path = model.getValue();
      String name = model.getKey();
      if (path.isPresent()) {
        sources.add(ModelSource.of(name, path.get(), options.loading().precision()));
      } else {
        sources.add(ModelSource.bundled(name, ModelKind.GENERATE));
        sources.add(ModelSource.bundled(name + ServerOptions.MATCHER, ModelKind.MATCH));
      }
    }
    PhotoSearch search = search(options, sources);
    if (search != null && !sources.contains(search.source())) {
      sources.add(search.source());
    }
    var models = new ModelStore(sources, options.loading(), options.modelBytes());
    return new Blip2Server(options, address, models, search);
  }

  private static @Nullable PhotoSearch search(ServerOptions options, List<ModelSource> sources)
      throws IOException {
    Path index = options.index();
    return index == null
        ? null
        : PhotoSearch.open(index, sources, options.loading().precision(), options.maxPixels());
  }

  private void closeSearch() {
    if (search != null) {
      search.close();
    }
  }

  private static InetSocketAddress address(ServerOptions options) throws IOException {
    try {
      return new InetSocketAddress(InetAddress.getByName(options.host()), options.port());
    } catch (UnknownHostException e) {
      throw new IOException(
          "serve: --host expected to be an address of this machine, got '" + options.host() + "'",
          e);
    }
  }

  /** Where it listens, as in {@code http://127.0.0.1:8080}. */
  public URI uri() {
    String host = options.host().contains(":") ? "[" + options.host() + "]" : options.host();
    return URI.create("http://" + host + ":" + http.port());
  }

  /** Completed when the first model is loaded, or exceptionally if it does not load. */
  public CompletableFuture<Void> ready() {
    return ready.copy();
  }

  /**
   * Stops: takes no more requests, lets those under way end within the time of {@link
   * ServerOptions#withGrace}, cancels the others, and frees the models.
   */
  @Override
  public void close() {
    http.close();
    queue.close();
    closeSearch();
    metrics.close();
  }
}
