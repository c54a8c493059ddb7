package io.github.blip2j.blip2.inference;

import io.github.blip2j.autograd.GradMode;
import io.github.blip2j.blip2.model.PromptBatch;
import io.github.blip2j.generation.GenerationConfig;
import io.github.blip2j.generation.Generator;
import io.github.blip2j.generation.Sequence;
import io.github.blip2j.golden.Fixtures;
import io.github.blip2j.golden.Golden;
import io.github.blip2j.nn.ForwardPass;
import io.github.blip2j.tensor.Scope;
import io.github.blip2j.tensor.Tensor;
import io.github.blip2j.vision.image.Image;
import io.github.blip2j.vision.image.ImageDecoder;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/** What tests read from the golden folders of BLIP-2, and how they decode with one. */
public final class Blip2Folder {
  private Blip2Folder() {}

  /** Those of either kind, of which neither may be missing. */
  static List<Path> all() {
    return Stream.concat(allOfOpt().stream(), allOfT5().stream()).toList();
  }

  public static List<Path> allOfOpt() {
    return Fixtures.folders("BLIP-2 with OPT", f -> Fixtures.isHuggingFaceBlip2(f, "opt"));
  }

  static List<Path> allOfT5() {
    return Fixtures.folders("BLIP-2 with T5", f -> Fixtures.isHuggingFaceBlip2(f, "t5"));
  }

  public static boolean holds(Path folder, String tensor) {
    try (var golden = Golden.open(folder)) {
      return golden.has(tensor);
    }
  }

  public static List<Image> images(Path folder) {
    List<Image> images = new ArrayList<>();
    try {
      for (Path file : Fixtures.images(folder)) {
        images.add(new ImageDecoder().decode(file));
      }
      return images;
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  /** The ids of each prompt; where there is none, of the token that begins every text. */
  public static List<int[]> promptIds(
      GenerationSession loaded, @Nullable List<String> prompts, int count) {
    List<int[]> ids = new ArrayList<>();
    for (int i = 0; i < count; i++) {
      ids.add(
          prompts == null
              ? new int[] {loaded.model().config().text().beginId()}
              : loaded.prompts().ids(prompts.get(i)));
    }
    return ids;
  }

  /** Positions of the image and of the longest of these prompts. */
  public static int promptLength(GenerationSession loaded, List<int[]> ids) {
    return loaded.model().config().queryTokens()
        + ids.stream().mapToInt(row -> row.length).max().orElse(0);
  }

  /** Sequences for every picture and its prompt. */
  public static List<List<Sequence>> decode(
      GenerationSession loaded,
      List<Image> images,
      List<int[]> ids,
      GenerationConfig decoding,
      int[] endIds) {
    PromptBatch text = loaded.prompts().batch(ids);
    try (var off = GradMode.noGrad();
        var scope = Scope.open()) {
      Tensor prompt = loaded.model().imagePrompt(loaded.pixels(images), ForwardPass.evaluation());
      Generator generator = Generator.of(decoding, endIds);
      return loaded.model().generate(prompt, text, generator, decoding.maxNewTokens());
    }
  }

  /** Sequences for one picture and its prompt, alone. */
  public static List<Sequence> decodeAlone(
      GenerationSession loaded, List<Image> images, int row, int[] ids, GenerationConfig decoding) {
    return decode(loaded, List.of(images.get(row)), List.of(ids), decoding, loaded.endIds()).get(0);
  }
}
