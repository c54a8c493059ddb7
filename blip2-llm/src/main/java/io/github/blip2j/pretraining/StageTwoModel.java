package io.github.blip2j.pretraining;

import io.github.blip2j.adapter.LoraAdapter;
import io.github.blip2j.adapter.LoraLayers;
import io.github.blip2j.adapter.LoraSettings;
import io.github.blip2j.blip2.Blip2;
import io.github.blip2j.blip2.checkpoint.RetrievalCheckpoint;
import io.github.blip2j.blip2.checkpoint.files.Blip2Source;
import io.github.blip2j.blip2.checkpoint.files.OpenWeights;
import io.github.blip2j.blip2.checkpoint.hf.Blip2Folder;
import io.github.blip2j.blip2.checkpoint.hf.HuggingFaceNames;
import io.github.blip2j.blip2.model.Blip2Model;
import io.github.blip2j.io.file.OpenResources;
import io.github.blip2j.nn.ForwardPass;
import io.github.blip2j.nn.KeyMap;
import io.github.blip2j.nn.Parameter;
import io.github.blip2j.nn.Params;
import io.github.blip2j.qformer.TextBatch;
import io.github.blip2j.tensor.Scope;
import io.github.blip2j.tensor.Tensor;
import io.github.blip2j.tensor.types.Precision;
import io.github.blip2j.text.HuggingFaceTokenizer;
import io.github.blip2j.vision.image.ImageProcessor;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Path;
import java.util.List;
import java.util.NavigableMap;
import java.util.NavigableSet;
import java.util.Set;
import java.util.TreeSet;
import org.jspecify.annotations.Nullable;

/**
 * A BLIP-2 in its second stage of training (Li et al. 2023, section 3.2): the Q-Former, its
 * queries, the vision norm and the projection learn soft prompts for a frozen language model. In an
 * InstructBLIP (Dai et al. 2023, section 2.4) the Q-Former's text side learns too.
 *
 * <p>Frozen parameters have no gradients, and no memory for them. Gradients pass through them.
 */
public final class StageTwoModel {
  private static final String VISION = "vision";
  private static final Set<String> TRAINED =
      Set.of("visionNorm", "queryTokens", "qformer", "projection");

  private final Blip2Source source;
  private final Blip2Model blip2;
  private final NavigableMap<String, Parameter> parameters;
  private final @Nullable LoraLayers lora;

  private StageTwoModel(
      Blip2Source source,
      Blip2Model blip2,
      NavigableMap<String, Parameter> parameters,
      @Nullable LoraLayers lora) {
    this.source = source;
    this.blip2 = blip2;
    this.parameters = parameters;
    this.lora = lora;
  }

  /**
   * Loads a Hugging Face folder of {@code Blip2ForConditionalGeneration} or {@code
   * InstructBlipForConditionalGeneration}, to be trained further.
   *
   * @param home the scope of the parameters
   * @throws io.github.blip2j.io.file.CheckpointException if the folder is of another kind, or its
   *     tensors do not fit
   */
  public static StageTwoModel load(Path folder, Scope home, StageTwoSetup setup)
      throws IOException {
    Blip2Folder source = Blip2Folder.of(folder, setup.families());
    LoraAdapter.requireNone(folder, "model to train");
    @Nullable Integer side = setup.imageSize();
    return load(side == null ? source : source.withImageSize(side), home, setup);
  }

  /**
   * Builds a model that begins from a first stage and a plain language model.
   *
   * @param home the scope of the parameters
   * @throws io.github.blip2j.io.file.CheckpointException if a part is of another kind
   */
  public static StageTwoModel load(StageTwoParts parts, Scope home, StageTwoSetup setup)
      throws IOException {
    return load(InitialBlip2.of(parts, setup.imageSize(), setup.families()), home, setup);
  }

  private static StageTwoModel load(Blip2Source plain, Scope home, StageTwoSetup setup)
      throws IOException {
    @Nullable Path textSide = setup.textSide();
    Blip2Source source =
        textSide == null
            ? plain
            : InstructedBlip2.of(
                plain, RetrievalCheckpoint.of(textSide, setup.families().vision()));
    @Nullable LoraSettings settings = setup.tuning().lora();
    try (OpenWeights open = source.open();
        LoraLayers.Source factors = LoraLayers.source(settings)) {
      KeyMap keys = HuggingFaceNames.blip2(source.config());
      Params root = Params.root(factors.over(open.weights(), keys), home);
      NavigableSet<String> trained = trained(source, open, setup);
      @Nullable Precision frozen = setup.frozenPrecision();
      Blip2Model blip2 =
          new Blip2Model(
              source.config(), frozen == null ? root : root.packed(frozen, modules(trained)));
      trained.forEach(name -> trained(root, name).train());
      @Nullable LoraLayers lora = settings == null ? null : LoraLayers.attach(settings, root, keys);
      root.finish();
      if (lora != null) {
        lora.requireWhole();
      }
      Tuning.requireAny(!trained.isEmpty() || lora != null);
      root.all().values().forEach(parameter -> parameter.computeIn(setup.computePrecision()));
      return new StageTwoModel(source, blip2, root.all(), lora);
    } catch (UncheckedIOException e) {
      throw e.getCause();
    }
  }

  /** The names of the parameters that are trained, from a model that is not loaded. */
  private static NavigableSet<String> trained(
      Blip2Source source, OpenWeights open, StageTwoSetup setup) {
    try (Scope scope = Scope.open()) {
      Params names = Params.checking(open.weights(), scope);
      new Blip2Model(source.config(), names);
      Set<String> all = names.all().keySet();
      List<String> own =
          all.stream()
              .filter(name -> TRAINED.contains(part(name)) || isVision(setup, name))
              .toList();
      return setup.tuning().select(own, all);
    }
  }

  private static boolean isVision(StageTwoSetup setup, String name) {
    return setup.trainsVision() && part(name).equals(VISION);
  }

  /** The paths of the modules of parameters, which stay unpacked. */
  private static Set<String> modules(Set<String> names) {
    Set<String> modules = new TreeSet<>();
    names.forEach(
        name -> {
          int dot = name.lastIndexOf('.');
          modules.add(dot < 0 ? name : name.substring(0, dot));
        });
    return modules;
  }

  private static Parameter trained(Params root, String name) {
    Parameter parameter = root.all().get(name);
    if (parameter == null) {
      throw new AssertionError(name + ": was there when the names were read");
    }
    return parameter;
  }

  private static String part(String name) {
    int dot = name.indexOf('.');
    return dot < 0 ? name : name.substring(0, dot);
  }

  /** The model. */
  public Blip2Model blip2() {
    return blip2;
  }

  /** All parameters by name, trained and frozen. */
  public NavigableMap<String, Parameter> parameters() {
    return parameters;
  }

  /** Opens the tokenizer of the language model, which the caller closes. */
  public HuggingFaceTokenizer openTokenizer() throws IOException {
    return source.tokenizer();
  }

  /**
   * Opens the tokenizer of instructions for an InstructBLIP's Q-Former, which the caller closes;
   * null for other models.
   */
  public @Nullable HuggingFaceTokenizer openInstructionTokenizer() throws IOException {
    return source.instructionTokenizer();
  }

  /**
   * Opens the model as it is at each call, to generate texts while it is trained; the caller closes
   * it, which leaves the model. Before a call in the middle of training, {@link #beginEvaluation}.
   */
  public Blip2 openGenerator() throws IOException {
    HuggingFaceTokenizer tokenizer = openTokenizer();
    try (var opened = new OpenResources()) {
      opened.add(tokenizer::close);
      return opened.keep(Blip2.over(blip2, tokenizer, openInstructionTokenizer(), processor()));
    }
  }

  /** Switches off the dropout of a LoRA until the next step of training. */
  public void beginEvaluation() {
    begin(ForwardPass.evaluation());
  }

  /** The image processor of this model. */
  public ImageProcessor processor() throws IOException {
    int side = blip2.config().vision().imageSize();
    return source.processor().withSize(side, side);
  }

  Blip2Source source() {
    return source;
  }

  /**
   * The soft prompts of images. A frozen vision encoder stays in evaluation mode during training.
   *
   * @param pixels [B, 3, H, W]
   * @return [B, Q, L]
   * @throws IllegalStateException if the Q-Former takes an instruction too
   */
  public Tensor imagePrompt(Tensor pixels, ForwardPass pass) {
    return blip2.project(blip2.encodeQueries(encodeImage(pixels, pass), pass));
  }

  /**
   * The soft prompts of images with instructions.
   *
   * @param pixels [B, 3, H, W]
   * @param instructions B texts in the Q-Former's vocabulary
   * @return [B, Q, L]
   * @throws IllegalStateException if the Q-Former takes no instructions
   */
  public Tensor imagePrompt(Tensor pixels, TextBatch instructions, ForwardPass pass) {
    Tensor queries = blip2.encodeQueries(encodeImage(pixels, pass), instructions, pass);
    return blip2.project(queries);
  }

  /**
   * The normed output of the vision encoder: pixels [B, 3, H, W] to [B, N, E]. A frozen one stays
   * in evaluation mode during training.
   */
  public Tensor encodeImage(Tensor pixels, ForwardPass pass) {
    return blip2.encodeImage(pixels, trainsVision() ? pass : pass.evaluating());
  }

  private boolean trainsVision() {
    return parameters.subMap(VISION + ".", true, VISION + "/", false).values().stream()
        .anyMatch(Parameter::isTrained);
  }

  /** The low-rank updates of this model, or null if it has none. */
  public @Nullable LoraLayers lora() {
    return lora;
  }

  /** Announces a pass, which draws the dropout of a LoRA. */
  void begin(ForwardPass pass) {
    if (lora != null) {
      lora.begin(pass);
    }
  }
}
