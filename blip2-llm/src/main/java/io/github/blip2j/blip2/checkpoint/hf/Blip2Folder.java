package io.github.blip2j.blip2.checkpoint.hf;

import com.google.gson.JsonElement;
import com.google.gson.JsonObject;
import com.google.gson.JsonParser;
import io.github.blip2j.blip2.checkpoint.files.Blip2Source;
import io.github.blip2j.blip2.checkpoint.files.InstructionTokenizerFolder;
import io.github.blip2j.blip2.checkpoint.files.OpenWeights;
import io.github.blip2j.blip2.checkpoint.files.TokenizerCopy;
import io.github.blip2j.blip2.model.Blip2Config;
import io.github.blip2j.blip2.model.Families;
import io.github.blip2j.blip2.model.LibraryFormat;
import io.github.blip2j.io.file.CheckpointException;
import io.github.blip2j.io.file.ConfigJson;
import io.github.blip2j.nn.KeyMap;
import io.github.blip2j.text.HuggingFaceTokenizer;
import io.github.blip2j.vision.ResizedPositions;
import io.github.blip2j.vision.image.ImageProcessor;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import org.jspecify.annotations.Nullable;

/**
 * A Hugging Face folder of {@code Blip2ForConditionalGeneration} or {@code
 * InstructBlipForConditionalGeneration}, or the same in this library's format.
 */
public final class Blip2Folder implements Blip2Source {
  private final Path folder;
  private final boolean own; // this library's format
  private final Blip2Config config;
  private final @Nullable Integer imageSize;
  private final @Nullable Path adapter;

  private Blip2Folder(
      Path folder,
      boolean own,
      Blip2Config config,
      @Nullable Integer imageSize,
      @Nullable Path adapter) {
    this.folder = folder;
    this.own = own;
    this.config = config;
    this.imageSize = imageSize;
    this.adapter = adapter;
  }

  /** Reads the sizes of a folder, with the installed families. */
  public static Blip2Folder of(Path folder) throws IOException {
    return of(folder, Families.installed());
  }

  /**
   * Reads the sizes of a folder.
   *
   * @throws CheckpointException if it is of another kind, or lacks the tokenizer of instructions
   */
  public static Blip2Folder of(Path folder, Families families) throws IOException {
    if (!Files.isDirectory(folder)) {
      throw new CheckpointException(
          folder
              + ": model expected a folder, got "
              + (Files.exists(folder) ? "a file" : "nothing"));
    }
    ConfigJson json = ModelFolder.config(folder);
    Blip2Config config = Blip2Config.fromJson(json, families);
    if (config.readsInstruction()) {
      InstructionTokenizerFolder.in(folder);
    }
    return new Blip2Folder(folder, LibraryFormat.isIn(json), config, null, null);
  }

  /** With images of another size, for which positions are interpolated. */
  public Blip2Folder withImageSize(int side) {
    Blip2Config resized = config.withVision(config.vision().withImageSize(side));
    return new Blip2Folder(folder, own, resized, side, adapter);
  }

  /** With an adapter from another folder; one beside the weights needs no name. */
  public Blip2Folder withAdapter(Path newAdapter) {
    return new Blip2Folder(folder, own, config, imageSize, newAdapter);
  }

  @Override
  public Blip2Config config() {
    return config;
  }

  @Override
  public String assumption() throws IOException {
    return Blip2Config.assumption(ModelFolder.config(folder));
  }

  @Override
  public OpenWeights open() throws IOException {
    KeyMap keys = own ? KeyMap.identity() : HuggingFaceNames.blip2(config);
    OpenWeights open = HuggingFaceWeights.of(folder, ModelFolder.open(folder), keys, adapter);
    return imageSize == null
        ? open
        : new OpenWeights(
            ResizedPositions.of(open.weights(), config.vision(), "vision"),
            open.files(),
            open.mergedAdapters());
  }

  @Override
  public HuggingFaceTokenizer tokenizer() throws IOException {
    return HuggingFaceTokenizer.open(folder);
  }

  @Override
  public @Nullable HuggingFaceTokenizer instructionTokenizer() throws IOException {
    return config.readsInstruction()
        ? InstructionTokenizerFolder.open(InstructionTokenizerFolder.in(folder), config.qformer())
        : null;
  }

  @Override
  public ImageProcessor processor() throws IOException {
    return ModelFolder.processor(folder, config.vision());
  }

  @Override
  public JsonObject textConfig() throws IOException {
    String text = Files.readString(folder.resolve("config.json"));
    JsonElement told = JsonParser.parseString(text).getAsJsonObject().get("text_config");
    return told instanceof JsonObject object ? object : new JsonObject();
  }

  @Override
  public void describe(Path target) throws IOException {
    if (own) {
      Blip2Json.write(target, config, textConfig());
      copyTokenizers(target);
      return;
    }
    var settings = new FolderSettings(folder);
    if (imageSize == null) {
      settings.copy(target);
    } else {
      settings.copyResized(target, imageSize, Blip2Json.processor(config));
    }
    copyTokenizers(target);
  }

  @Override
  public void copyTokenizers(Path target) throws IOException {
    TokenizerCopy.copy(folder, target);
    if (config.readsInstruction()) {
      InstructionTokenizerFolder.copy(InstructionTokenizerFolder.in(folder), target);
    }
  }
}
