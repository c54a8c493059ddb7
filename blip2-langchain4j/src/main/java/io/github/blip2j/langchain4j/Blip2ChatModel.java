package io.github.blip2j.langchain4j;

import dev.langchain4j.exception.UnsupportedFeatureException;
import dev.langchain4j.model.chat.ChatModel;
import dev.langchain4j.model.chat.listener.ChatModelListener;
import dev.langchain4j.model.chat.request.ChatRequest;
import dev.langchain4j.model.chat.response.ChatResponse;
import io.github.blip2j.blip2.Blip2;
import java.util.List;

/**
 * A BLIP-2 model that answers questions about images.
 *
 * <pre>{@code
 * ChatModel model = Blip2ChatModel.of(Blip2.load(folder));
 * String answer = model.chat(UserMessage.from(
 *     TextContent.from("how many cats are there?"),
 *     ImageContent.from(Path.of("cats.jpg"), "image/jpeg"))).aiMessage().text();
 * }</pre>
 *
 * <p>The last message is asked as the model's kind is asked, earlier ones are the conversation, and
 * a blank text asks for a caption. Parameters {@code temperature}, {@code topP}, {@code topK},
 * {@code maxOutputTokens} and {@code stopSequences} are honoured; without them the model's own
 * settings apply. Safe for many threads; it does not close the model.
 */
public final class Blip2ChatModel implements ChatModel {
  private final Blip2 blip2;
  private final String name;
  private final List<ChatModelListener> listeners;

  private Blip2ChatModel(Blip2 blip2, String name, List<ChatModelListener> listeners) {
    this.blip2 = blip2;
    this.name = name;
    this.listeners = List.copyOf(listeners);
  }

  /** Over a loaded model. */
  public static Blip2ChatModel of(Blip2 blip2) {
    return new Blip2ChatModel(blip2, "blip2", List.of());
  }

  /** With this name in answers. */
  public Blip2ChatModel withName(String newName) {
    return new Blip2ChatModel(blip2, newName, listeners);
  }

  /** With these listeners, which are told of requests and answers. */
  public Blip2ChatModel withListeners(List<ChatModelListener> newListeners) {
    return new Blip2ChatModel(blip2, name, newListeners);
  }

  @Override
  public List<ChatModelListener> listeners() {
    return listeners;
  }

  /**
   * Answers.
   *
   * @throws IllegalArgumentException if there is no image or no question at the end, an image
   *     cannot be read, or a parameter is out of its range
   * @throws UnsupportedFeatureException for tools, formats of answers and other parameters that
   *     would have no effect
   */
  @Override
  public ChatResponse doChat(ChatRequest request) {
    return ChatAnswer.to(request, blip2, name).whole(blip2);
  }
}
