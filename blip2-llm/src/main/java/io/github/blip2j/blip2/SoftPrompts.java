package io.github.blip2j.blip2;

import io.github.blip2j.nn.Pass;
import io.github.blip2j.qformer.TextBatch;
import io.github.blip2j.tensor.Shape;
import io.github.blip2j.tensor.Tensor;
import java.util.List;

/**
 * What a language model sees of images that have been looked at, one soft prompt for each text: the
 * images' own, or in InstructBLIP what the queries see under that text.
 */
final class SoftPrompts {
  private final LoadedModel loaded;

  SoftPrompts(LoadedModel loaded) {
    this.loaded = loaded;
  }

  /**
   * In the open scope.
   *
   * @param where what they are for, as messages say it
   * @param features of one image for each prompt, or of one image for all
   * @return [B, Q, L]
   */
  Tensor about(String where, ImageFeatures features, List<String> prompts) {
    int images = features.size();
    if (prompts.isEmpty() || (images != prompts.size() && images != 1)) {
      throw new IllegalArgumentException(
          "%s: prompts expected one for each of %d images, got %d"
              .formatted(where, images, prompts.size()));
    }
    InstructionReader reader = loaded.instructions();
    if (reader != null) {
      return instructed(where, features.patches(), reader.read(where, prompts));
    }
    int queries = loaded.model().config().queryTokens();
    int dim = loaded.model().language().dim();
    Tensor prompt = features.prompt(); // [B or 1, Q, L]
    prompt.shape().require(where, "features", images, queries, dim);
    return images == prompts.size() ? prompt : prompt.expand(prompts.size(), queries, dim);
  }

  /**
   * What queries see of each image under its instruction, as a soft prompt.
   *
   * @param patches [B or 1, N, E]
   * @return [B, Q, L]
   */
  private Tensor instructed(String where, Tensor patches, TextBatch instructions) {
    Blip2Model model = loaded.model();
    int width = model.config().vision().dim();
    patches.shape().require(where, "features", Shape.ANY, Shape.ANY, width);
    Tensor queries = model.encodeQueries(patches, instructions, Pass.evaluation());
    return model.place(model.project(queries));
  }
}
