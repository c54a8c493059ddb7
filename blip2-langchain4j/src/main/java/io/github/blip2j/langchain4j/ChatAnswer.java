package io.github.blip2j.langchain4j;

import dev.langchain4j.data.message.AiMessage;
import dev.langchain4j.model.chat.request.ChatRequest;
import dev.langchain4j.model.chat.response.ChatResponse;
import dev.langchain4j.model.output.FinishReason;
import dev.langchain4j.model.output.TokenUsage;
import io.github.blip2j.blip2.Blip2;
import io.github.blip2j.blip2.text.Generated;
import io.github.blip2j.blip2.text.Prompt;
import io.github.blip2j.blip2.text.TextStreamer;
import io.github.blip2j.generation.GenerationConfig;
import java.util.List;
import java.util.function.Consumer;

/** One answer in a chat: what is asked, and with which settings. */
final class ChatAnswer {
  private final ChatTurns turns;
  private final GenerationConfig config;
  private final String words;
  private final String modelName;

  private ChatAnswer(ChatTurns turns, GenerationConfig config, String words, String modelName) {
    this.turns = turns;
    this.config = config;
    this.words = words;
    this.modelName = modelName;
  }

  static ChatAnswer to(ChatRequest request, Blip2 blip2, String modelName) {
    ChatTurns turns = ChatTurns.of(request.messages());
    GenerationConfig own = turns.isCaption() ? blip2.captionConfig() : blip2.answerConfig();
    GenerationConfig config = ChatSettings.of(request.parameters(), own, modelName);
    return new ChatAnswer(turns, config, turns.words(blip2), modelName);
  }

  ChatResponse whole(Blip2 blip2) {
    return response(blip2, blip2.generate(turns.prompt(words), config).get(0));
  }

  /** Hands on pieces of the text as soon as they are decided. */
  ChatResponse streamed(Blip2 blip2, Consumer<String> pieces) {
    TextStreamer streamer = TextStreamer.of(blip2.tokenizer(), config, pieces);
    Prompt prompt = turns.prompt(words);
    Generated text = blip2.generate(List.of(prompt), config, streamer).get(0).get(0);
    streamer.finish();
    return response(blip2, text);
  }

  private ChatResponse response(Blip2 blip2, Generated text) {
    int images = turns.images().size() * blip2.model().config().queryTokens();
    int input = images + blip2.tokenizer().encodePlain(words).length;
    return ChatResponse.builder()
        .aiMessage(AiMessage.from(text.text()))
        .modelName(modelName)
        .tokenUsage(new TokenUsage(input, text.tokenIds().size()))
        .finishReason(text.ended() ? FinishReason.STOP : FinishReason.LENGTH)
        .build();
  }
}
