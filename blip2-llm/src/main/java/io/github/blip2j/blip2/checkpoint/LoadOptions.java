package io.github.blip2j.blip2.checkpoint;

import io.github.blip2j.backend.Backend;
import io.github.blip2j.blip2.model.Families;
import io.github.blip2j.blip2.model.LanguageFamilies;
import io.github.blip2j.blip2.text.Arguments;
import io.github.blip2j.io.file.CheckpointException;
import io.github.blip2j.nn.Params;
import io.github.blip2j.tensor.Scope;
import io.github.blip2j.tensor.types.Precision;
import io.github.blip2j.vision.VisionFamilies;
import java.nio.file.Path;
import java.util.Collections;
import java.util.NavigableSet;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Options for loading a model.
 *
 * <pre>{@code
 * Blip2.load(folder, LoadOptions.of(Precision.BFLOAT16).withAdapter(Path.of("my-lora")));
 * }</pre>
 *
 * @param precision how matrices are stored and multiplied
 * @param adapter folder of a LoRA adapter that is merged into the weights, or null for one beside
 *     the weights, if there is any
 * @param unexpected the treatment of tensors that the model has no parameter for
 * @param families the families of vision encoders and language models that are known
 * @param backend of the weights and of all that is computed with them, or null for that of the
 *     innermost scope, which is {@link Backend#preferred} unless one was opened with another
 */
public record LoadOptions(
    Precision precision,
    @Nullable Path adapter,
    Unexpected unexpected,
    Families families,
    @Nullable Backend backend) {
  private static final Logger LOG = LoggerFactory.getLogger(LoadOptions.class);

  /** The treatment of tensors that the model has no parameter for, "unexpected" in transformers. */
  public enum Unexpected {
    /** Unexpected tensors are an error: the files are likely to be of another model. */
    REFUSED,
    /** Unexpected tensors are left out, and named in a warning, as in transformers. */
    LEFT_OUT
  }

  /** Checks that no value is null. */
  public LoadOptions {
    Arguments.required("load", "precision", precision);
    Arguments.required("load", "unexpected", unexpected);
    Arguments.required("load", "families", families);
  }

  /** Strict loading, in {@code precision}. */
  public static LoadOptions of(Precision precision) {
    return new LoadOptions(precision, null, Unexpected.REFUSED, Families.installed(), null);
  }

  /**
   * Completes a load.
   *
   * @return names of the tensors that are left out
   * @throws io.github.blip2j.io.file.CheckpointException if the load failed
   */
  NavigableSet<String> finish(Params params) throws CheckpointException {
    if (unexpected == Unexpected.REFUSED) {
      params.finish("; to load without them, see --ignore-unexpected-keys (LoadOptions)");
      return Collections.emptyNavigableSet();
    }
    NavigableSet<String> leftOut = params.finishLeavingUnused();
    if (!leftOut.isEmpty()) {
      LOG.warn(
          "{} tensors are left out, which the model has no use for: {}",
          leftOut.size(),
          String.join(", ", leftOut));
    }
    return leftOut;
  }

  /** With the adapter in another folder than the weights'. */
  public LoadOptions withAdapter(Path folder) {
    return new LoadOptions(precision, folder, unexpected, families, backend);
  }

  /** With these families of vision encoders instead of the installed ones. */
  public LoadOptions withVisionFamilies(VisionFamilies newFamilies) {
    return with(families.with(newFamilies));
  }

  /** With these families of language models instead of the installed ones. */
  public LoadOptions withLanguageFamilies(LanguageFamilies newFamilies) {
    return with(families.with(newFamilies));
  }

  private LoadOptions with(Families newFamilies) {
    return new LoadOptions(precision, adapter, unexpected, newFamilies, backend);
  }

  /** With the model on a backend, for example beside a model on another one. */
  public LoadOptions withBackend(Backend chosen) {
    Arguments.required("load", "backend", chosen);
    return new LoadOptions(precision, adapter, unexpected, families, chosen);
  }

  /** A scope for the weights, on their backend; the caller closes it. */
  public Scope openMemory() {
    return backend == null ? Scope.detached() : Scope.detached(backend);
  }

  /** Leaving out tensors that the model has no parameter for. */
  public LoadOptions leavingOutUnexpected() {
    return new LoadOptions(precision, adapter, Unexpected.LEFT_OUT, families, backend);
  }
}
