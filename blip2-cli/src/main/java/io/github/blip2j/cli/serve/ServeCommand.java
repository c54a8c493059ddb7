package io.github.blip2j.cli.serve;

import com.google.gson.JsonObject;
import io.github.blip2j.cli.console.Console;
import io.github.blip2j.cli.console.Interruption;
import io.github.blip2j.cli.console.UsageException;
import io.github.blip2j.cli.console.Version;
import io.github.blip2j.cli.option.RunOptions;
import io.github.blip2j.cli.option.WeightOptions;
import io.github.blip2j.cli.search.IndexPlace;
import io.github.blip2j.cli.text.JsonReport;
import io.github.blip2j.io.hub.HubCache;
import io.github.blip2j.server.Blip2Server;
import io.github.blip2j.server.ServerOptions;
import java.io.IOException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.Callable;
import java.util.concurrent.CompletionException;
import java.util.concurrent.CountDownLatch;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.ExitCode;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

/** {@code blip2 serve}: models behind HTTP, until the process is told to end. */
@Command(
    name = "serve",
    description = {
      "Serves models over HTTP: OpenAI's API, routes of its own, and a page.",
      "Prints the address when the first model is loaded; ends on SIGTERM or Ctrl-C, after the "
          + "requests under way."
    },
    mixinStandardHelpOptions = true,
    versionProvider = Version.class,
    sortOptions = false)
public final class ServeCommand implements Callable<Integer> {
  private static final String KEY_VARIABLE = "BLIP2_API_KEY";
  private static final String BUNDLED = "bundled";

  private final Console console;
  private final HubCache cache;

  @Option(
      names = "--host",
      paramLabel = "H",
      description = "Address to listen on; 127.0.0.1 by default. Any but loopback's needs a key.")
  private String host = "127.0.0.1";

  @Option(
      names = "--port",
      paramLabel = "N",
      description = "Port to listen on; 8080 by default, 0 for a free one.")
  private int port = 8080;

  @Option(
      names = "--model",
      paramLabel = "[NAME=]MODEL",
      description =
          "A folder, a file or the id of a downloaded model, and what clients call it; may come "
              + "several times. The first is loaded at the start, others when they are asked for. "
              + "'bundled' is the model that comes with blip2, and the default.")
  private List<String> models = new ArrayList<>();

  @Option(
      names = "--index",
      paramLabel = "FOLDER",
      description =
          "An index that blip2 index made, or the folder of photos that it is in, for searches. Its "
              + "model is served too, from where it was then, unless --model names it.")
  private @Nullable Path index;

  @Option(
      names = "--api-key",
      paramLabel = "KEY",
      description = "Key that clients must name; BLIP2_API_KEY by default.")
  private @Nullable String apiKey;

  @Option(
      names = "--queue",
      paramLabel = "N",
      description = "Requests that may wait for the model; 16 by default. More get 503.")
  private int queue = 16;

  @Mixin private WeightOptions weights = new WeightOptions();

  @Option(
      names = "--model-memory",
      paramLabel = "MB",
      description = "Megabytes of weights that may be loaded at once; no limit by default.")
  private @Nullable Integer modelMemory;

  @Option(
      names = "--timeout",
      paramLabel = "S",
      description = "Seconds that a request may take; 60 by default.")
  private int timeout = 60;

  @Option(
      names = "--max-image-mb",
      paramLabel = "MB",
      description = "Megabytes of an image file; 12 by default.")
  private int imageMegabytes = 12;

  @Option(
      names = "--cors-origin",
      paramLabel = "ORIGIN",
      description = "Origin whose pages may ask, as https://example.org; may come several times.")
  private List<String> origins = new ArrayList<>();

  @Option(
      names = "--allow-urls",
      paramLabel = "HOST",
      split = ",",
      description =
          "Hosts from which images may be fetched by https, as example.org,example.net; none by "
              + "default.")
  private List<String> imageHosts = new ArrayList<>();

  @Mixin private RunOptions run = new RunOptions();

  /**
   * The command.
   *
   * @param cache where ids of models are looked up
   */
  public ServeCommand(Console console, HubCache cache) {
    this.console = console;
    this.cache = cache;
  }

  @Override
  public Integer call() throws IOException, InterruptedException {
    ServerOptions options = options();
    var stopped = new CountDownLatch(1);
    try (Blip2Server server = start(options);
        Interruption interruption =
            Interruption.calling(
                () -> {
                  server.close();
                  stopped.countDown();
                })) {
      console.note("listening, loading the first model");
      awaitModel(server);
      report(server);
      stopped.await();
    }
    return ExitCode.OK;
  }

  private static Blip2Server start(ServerOptions options) throws IOException {
    try {
      return Blip2Server.start(options);
    } catch (IllegalArgumentException e) {
      throw new UsageException(e);
    }
  }

  private static void awaitModel(Blip2Server server) throws IOException {
    try {
      server.ready().join();
    } catch (CompletionException e) {
      Throwable cause = e.getCause() == null ? e : e.getCause();
      throw new IOException(
          cause.getMessage(), cause.getCause() == null ? cause : cause.getCause());
    }
  }

  private void report(Blip2Server server) {
    if (run.json) {
      var json = new JsonObject();
      json.addProperty("url", server.uri().toString());
      JsonReport.print(console, json);
    } else {
      console.out().println(server.uri());
    }
    console.out().flush();
  }

  private ServerOptions options() throws IOException {
    try {
      run.prepare();
      ServerOptions options =
          ServerOptions.defaults()
              .withHost(host)
              .withPort(port)
              .withQueue(queue)
              .withRequestTime(Duration.ofSeconds(timeout))
              .withImageBytes(imageMegabytes * 1_000_000L)
              .withLoading(weights.loading(run));
      for (String origin : origins) {
        options = options.withCorsOrigin(origin);
      }
      for (String name : imageHosts) {
        options = options.withImageHost(name);
      }
      if (index != null) {
        options = options.withIndex(IndexPlace.of(index));
      }
      if (modelMemory != null) {
        options = options.withModelBytes(modelMemory * 1_000_000L);
      }
      String key = apiKey == null ? console.environment().get(KEY_VARIABLE) : apiKey;
      return withModels(key == null || key.isEmpty() ? options : options.withApiKey(key));
    } catch (IllegalArgumentException e) {
      throw new UsageException(e);
    }
  }

  private ServerOptions withModels(ServerOptions options) throws IOException {
    ServerOptions all = options;
    for (String model : models) {
      int sign = model.indexOf('=');
      String given = model.substring(sign + 1);
      String name = sign < 0 ? shortName(given) : model.substring(0, sign);
      all =
          given.equals(BUNDLED)
              ? all.withBundledModel(name)
              : all.withModel(name, cache.resolve(given));
    }
    return all;
  }

  /** The last part of a path, as {@code blip2-opt-2.7b}. */
  private static String shortName(String given) {
    String plain = given.replaceAll("[/\\\\]+$", "");
    return plain.substring(Math.max(plain.lastIndexOf('/'), plain.lastIndexOf('\\')) + 1);
  }
}
