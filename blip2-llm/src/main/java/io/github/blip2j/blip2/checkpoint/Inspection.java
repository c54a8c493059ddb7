package io.github.blip2j.blip2.checkpoint;

import io.github.blip2j.adapter.LoraAdapter;
import io.github.blip2j.blip2.checkpoint.lavis.LavisFile;
import io.github.blip2j.io.Checkpoint;
import io.github.blip2j.io.file.CheckpointException;
import io.github.blip2j.io.file.ConfigJson;
import io.github.blip2j.io.file.OpenResources;
import io.github.blip2j.nn.Params;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Locale;
import java.util.NavigableSet;

/**
 * A description of a checkpoint of any kind: its kind, its tensors, and the loaders for it. Only
 * headers are read; {@link Checkpoint#summary} reads values.
 *
 * <pre>{@code
 * try (Inspection inspection = Inspection.open(Path.of("blip2-opt-2.7b"))) {
 *   System.out.println(inspection.kind());
 *   inspection.uses().forEach(System.out::println);
 * }
 * }</pre>
 */
public final class Inspection implements AutoCloseable {
  private static final String CONFIG = "config.json";
  private static final List<String> ADAPTERS =
      List.of("adapter_model.safetensors", "adapter_model.bin");

  private final Path path;
  private final Checkpoint checkpoint;
  private final String kind;
  private final List<Use> uses;

  private Inspection(Path path, Checkpoint checkpoint) throws IOException {
    this.path = path;
    this.checkpoint = checkpoint;
    this.kind = describe();
    this.uses = new CheckpointFit(path).uses(names());
  }

  /**
   * A loader for checkpoints of this kind.
   *
   * @param name of the class, as in {@code "Blip2"}
   * @param commands that use it
   * @param missing names of missing tensors, as the checkpoint would spell them
   * @param misshapen tensors of another shape or type than it needs
   * @param surplus names of tensors without a parameter in the model
   * @param refusal the reason why loading cannot be tried, or empty
   */
  public record Use(
      String name,
      List<String> commands,
      List<String> missing,
      List<String> misshapen,
      List<String> surplus,
      String refusal) {
    /** A loader that was tried on a checkpoint. */
    static Use of(String name, List<String> commands, Params.Fit fit) {
      List<String> surplus = List.copyOf(fit.unused());
      return new Use(name, commands, fit.missing(), fit.misshapen(), surplus, "");
    }

    /** A loader that cannot be tried. */
    static Use refused(String name, List<String> commands, String refusal) {
      return new Use(name, commands, List.of(), List.of(), List.of(), refusal);
    }

    /** Whether the loader would load the checkpoint as it is. */
    public boolean loads() {
      return refusal.isEmpty() && missing.isEmpty() && misshapen.isEmpty() && surplus.isEmpty();
    }
  }

  /**
   * Opens a file of tensors or the folder of a model, an adapter or a language model.
   *
   * @throws CheckpointException if there are no tensors, or they can't be read
   */
  public static Inspection open(Path path) throws IOException {
    Checkpoint checkpoint = Checkpoint.open(weights(path));
    try (var opened = new OpenResources()) {
      opened.add(checkpoint::close);
      return opened.keep(new Inspection(path, checkpoint));
    }
  }

  /** The path that was opened. */
  public Path path() {
    return path;
  }

  /** The tensors under their stored names; open until this is closed. */
  public Checkpoint checkpoint() {
    return checkpoint;
  }

  /** The kind of checkpoint, in a few words. */
  public String kind() {
    return kind;
  }

  /** The loaders for checkpoints of this kind, and whether they would load this one. */
  public List<Use> uses() {
    return uses;
  }

  @Override
  public void close() throws IOException {
    checkpoint.close();
  }

  private NavigableSet<String> names() {
    return checkpoint.tensors().navigableKeySet();
  }

  private static Path weights(Path path) throws IOException {
    if (Files.isDirectory(path) && !Checkpoint.isIn(path)) {
      for (String adapter : ADAPTERS) {
        if (Files.exists(path.resolve(adapter))) {
          return path.resolve(adapter);
        }
      }
      Path lavis = LavisFile.in(path);
      return lavis == null ? path : lavis;
    }
    return path;
  }

  private String describe() throws IOException {
    if (Files.isRegularFile(path.resolve(CONFIG))) {
      String adapted = LoraAdapter.isIn(path) ? ", with an adapter beside it" : "";
      return architecture(ConfigJson.read(path.resolve(CONFIG)))
          + ", a Hugging Face folder"
          + adapted;
    }
    if (Files.isDirectory(path) && LoraAdapter.isIn(path)) {
      return "LoRA adapter of " + LoraAdapter.baseOf(path).orElse("a model that it does not name");
    }
    if (checkpoint.metadata().containsKey("step") && hasPrefix("optimizer.")) {
      return String.format(
          Locale.ROOT,
          "checkpoint of a training run, after step %s (epoch %s, batch %s)",
          checkpoint.metadata().get("step"),
          checkpoint.metadata().get("epoch"),
          checkpoint.metadata().get("batch"));
    }
    return CheckpointFit.lavisKind(names()).orElse("tensors alone");
  }

  private boolean hasPrefix(String prefix) {
    return String.valueOf(names().ceiling(prefix)).startsWith(prefix);
  }

  private static String architecture(ConfigJson json) throws CheckpointException {
    List<String> named = json.has("architectures") ? json.stringsAt("architectures") : List.of();
    return named.isEmpty() ? json.stringAt("model_type", "a model") : String.join(", ", named);
  }
}
