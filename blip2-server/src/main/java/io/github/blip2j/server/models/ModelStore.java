package io.github.blip2j.server.models;

import io.github.blip2j.backend.Backend;
import io.github.blip2j.blip2.checkpoint.LoadOptions;
import io.github.blip2j.generation.GenerationConfig;
import io.github.blip2j.server.models.ModelKind.Task;
import java.io.IOException;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.ConcurrentHashMap;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The models of a server. One is loaded when it is first asked for; if all that are loaded would
 * then take more than the budget, those that were not used for longest are closed first.
 *
 * <p>{@link #open} and {@link #close} are called by the one thread that runs models, so no model is
 * closed while it works. Everything else may be called by any thread.
 */
public final class ModelStore implements AutoCloseable {
  private static final Logger LOG = LoggerFactory.getLogger(ModelStore.class);

  /** The settings that a model decodes by, unless a client asks for others. */
  public record Defaults(GenerationConfig caption, GenerationConfig answer) {}

  private final Map<String, ModelSource> sources = new LinkedHashMap<>();
  private final Map<String, ServedModel> loaded = new LinkedHashMap<>(16, 0.75f, true);
  private final Map<String, Boolean> present = new ConcurrentHashMap<>();
  private final Map<String, Defaults> defaults = new ConcurrentHashMap<>();
  private final LoadOptions options;
  private final long budget;
  private Consumer<ServedModel> closing = model -> {};

  /**
   * A store without a loaded model.
   *
   * @param sources at least one, of different names
   * @param budget bytes that loaded models may take together; one alone may take more
   */
  public ModelStore(List<ModelSource> sources, LoadOptions options, long budget) {
    for (ModelSource source : sources) {
      if (this.sources.put(source.name(), source) != null) {
        throw new IllegalArgumentException(
            "models: names expected to differ, got '" + source.name() + "' twice");
      }
    }
    if (sources.isEmpty()) {
      throw new IllegalArgumentException("models: at least 1 expected, got 0");
    }
    this.options = options;
    this.budget = budget;
  }

  /** Calls {@code listener} before a model is closed, with what else belongs to it. */
  public void onClosing(Consumer<ServedModel> listener) {
    this.closing = listener;
  }

  /** All models, in the order given. */
  public List<ModelSource> sources() {
    return List.copyOf(sources.values());
  }

  /** The model of this name. */
  public Optional<ModelSource> find(String name) {
    return Optional.ofNullable(sources.get(name));
  }

  /** The first model that can do a task. */
  public Optional<ModelSource> firstFor(Task task) {
    return sources.values().stream().filter(source -> source.kind().can(task)).findFirst();
  }

  /** Whether the model is loaded now. */
  public boolean isLoaded(String name) {
    return present.containsKey(name);
  }

  /** How the model decodes by default; null until it was loaded for the first time. */
  public @Nullable Defaults defaults(String name) {
    return defaults.get(name);
  }

  /** How weights are stored, as {@code float32}. */
  public String precision() {
    return options.precision().toString();
  }

  /** What computes, as {@code onednn}. */
  public String kernels() {
    Backend chosen = options.backend();
    return (chosen == null ? Backend.preferred() : chosen).name();
  }

  /**
   * The loaded model of this name.
   *
   * @throws UnavailableModelException if it can't be loaded now
   */
  public ServedModel open(String name) {
    ServedModel there = loaded.get(name);
    if (there != null) {
      return there;
    }
    ModelSource source = sources.get(name);
    if (source == null) {
      throw new IllegalArgumentException("models: no model is called '" + name + "'");
    }
    makeRoom(source.bytes());
    try {
      LOG.info("loading model {}", name);
      ServedModel model = ServedModel.load(source, options);
      loaded.put(name, model);
      present.put(name, true);
      remember(model);
      LOG.info("loaded model {}", name);
      return model;
    } catch (IOException e) {
      // The path is the operator's, not the client's, to know.
      LOG.error("model {} did not load: {}", name, e.getMessage());
      throw new UnavailableModelException(
          String.format(
              Locale.ROOT,
              "model '%s': files expected to load, got an error; its folder may have been moved,"
                  + " see the server's log",
              name),
          e);
    }
  }

  private void remember(ServedModel model) {
    if (model.source().kind() == ModelKind.GENERATE) {
      defaults.put(
          model.source().name(),
          new Defaults(model.blip2().captionConfig(), model.blip2().answerConfig()));
    }
  }

  private void makeRoom(long bytes) {
    long taken = loaded.values().stream().mapToLong(model -> model.source().bytes()).sum();
    for (ServedModel oldest : new ArrayList<>(loaded.values())) {
      if (taken + bytes <= budget) {
        return;
      }
      taken -= oldest.source().bytes();
      close(oldest);
    }
  }

  private void close(ServedModel model) {
    String name = model.source().name();
    LOG.info("closing model {}", name);
    present.remove(name);
    loaded.remove(name);
    closing.accept(model);
    model.close();
  }

  @Override
  public void close() {
    List.copyOf(loaded.values()).forEach(this::close);
  }
}
