package io.github.blip2j.langchain4j;

import dev.langchain4j.exception.UnsupportedFeatureException;
import dev.langchain4j.model.chat.request.ChatRequestParameters;
import dev.langchain4j.model.chat.request.ResponseFormatType;
import dev.langchain4j.model.chat.request.ToolChoice;
import io.github.blip2j.generation.GenerationConfig;
import java.util.List;
import java.util.concurrent.ThreadLocalRandom;
import org.jspecify.annotations.Nullable;

/** LangChain4j's parameters as settings of the decoding. */
final class ChatSettings {
  private ChatSettings() {}

  /**
   * The model's settings with those of a request.
   *
   * @throws UnsupportedFeatureException for a parameter that would have no effect
   */
  static GenerationConfig of(ChatRequestParameters asked, GenerationConfig own, String modelName) {
    requireSupported(asked, modelName);
    GenerationConfig config = own.numReturnSequences(1);
    @Nullable Integer most = asked.maxOutputTokens();
    if (most != null) {
      int least = Math.min(most, config.minNewTokens());
      config = config.minNewTokens(0).maxNewTokens(most).minNewTokens(least);
    }
    @Nullable Double temperature = asked.temperature();
    @Nullable Double topP = asked.topP();
    @Nullable Integer topK = asked.topK();
    boolean sampled =
        (temperature != null && temperature > 0)
            || (temperature == null && ((topP != null && topP < 1) || topK != null));
    if (sampled) {
      config = config.numBeams(1).sampling().seed(ThreadLocalRandom.current().nextLong());
      config = temperature == null ? config : config.temperature(temperature);
      config = topP == null ? config : config.topP(topP);
      config = topK == null ? config : config.topK(topK);
    } else if (temperature != null && temperature < 0) {
      throw new IllegalArgumentException(
          "chat: temperature of at least 0 expected, got " + temperature);
    }
    @Nullable List<String> stops = asked.stopSequences();
    return stops == null || stops.isEmpty() ? config : config.stopStrings(stops);
  }

  private static void requireSupported(ChatRequestParameters asked, String modelName) {
    refuse("frequencyPenalty", asked.frequencyPenalty() != null && asked.frequencyPenalty() != 0);
    refuse("presencePenalty", asked.presencePenalty() != null && asked.presencePenalty() != 0);
    refuse("toolSpecifications", !isEmpty(asked.toolSpecifications()));
    refuse("toolChoice", asked.toolChoice() != null && asked.toolChoice() != ToolChoice.NONE);
    refuse(
        "responseFormat",
        asked.responseFormat() != null && asked.responseFormat().type() != ResponseFormatType.TEXT);
    @Nullable String name = asked.modelName();
    if (name != null && !name.equals(modelName)) {
      throw new UnsupportedFeatureException(
          "chat: modelName '" + modelName + "' or none expected, got '" + name + "'");
    }
  }

  private static boolean isEmpty(@Nullable List<?> list) {
    return list == null || list.isEmpty();
  }

  private static void refuse(String name, boolean given) {
    if (given) {
      throw new UnsupportedFeatureException(
          "chat: parameters that this model has expected, got " + name);
    }
  }
}
