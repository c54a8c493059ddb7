package io.github.blip2j.langchain4j;

import dev.langchain4j.data.message.AiMessage;
import dev.langchain4j.data.message.ChatMessage;
import dev.langchain4j.data.message.Content;
import dev.langchain4j.data.message.ImageContent;
import dev.langchain4j.data.message.SystemMessage;
import dev.langchain4j.data.message.TextContent;
import dev.langchain4j.data.message.UserMessage;
import dev.langchain4j.exception.UnsupportedFeatureException;
import io.github.blip2j.blip2.Blip2;
import io.github.blip2j.blip2.text.Conversation;
import io.github.blip2j.blip2.text.Prompt;
import io.github.blip2j.vision.image.Image;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * What the messages of a chat ask: the last user's message is a question about the images of all
 * messages, earlier ones and their answers are the conversation. System messages are ignored,
 * because these models were trained without any.
 *
 * @param question blank for a caption
 */
record ChatTurns(List<Image> images, Conversation before, String question) {
  static ChatTurns of(List<ChatMessage> messages) {
    List<Image> images = new ArrayList<>();
    Conversation before = Conversation.empty();
    @Nullable String asked = null;
    for (ChatMessage message : messages) {
      if (message instanceof UserMessage user) {
        String text = text(user, images);
        asked = asked == null || asked.isBlank() ? text : asked + "\n" + text;
      } else if (message instanceof AiMessage ai) {
        String answer = words(ai);
        if (asked != null && !asked.isBlank() && !answer.isBlank()) {
          before = before.and(asked, answer);
        }
        asked = null;
      } else if (!(message instanceof SystemMessage)) {
        throw new UnsupportedFeatureException(
            "chat: messages of system, user and AI expected, got one of " + message.type());
      }
    }
    if (asked == null) {
      throw new IllegalArgumentException("chat: a user's message expected at the end, got none");
    }
    if (images.isEmpty()) {
      throw new IllegalArgumentException(
          "chat: at least one image expected, as ImageContent of a user's message, got none; this"
              + " model answers about images alone");
    }
    return new ChatTurns(List.copyOf(images), before, asked);
  }

  private static String words(AiMessage message) {
    if (message.hasToolExecutionRequests()) {
      throw new UnsupportedFeatureException("chat: answers in words expected, got calls of tools");
    }
    @Nullable String text = message.text();
    return text == null ? "" : text;
  }

  private static String text(UserMessage message, List<Image> images) {
    List<String> texts = new ArrayList<>();
    for (Content content : message.contents()) {
      if (content instanceof TextContent text) {
        texts.add(text.text());
      } else if (content instanceof ImageContent image) {
        images.add(Pictures.of(image));
      } else {
        throw new UnsupportedFeatureException(
            "chat: text and images expected, got " + content.type());
      }
    }
    return String.join("\n", texts);
  }

  boolean isCaption() {
    return question.isBlank();
  }

  /** The question in the words that the model's kind is asked with. */
  String words(Blip2 blip2) {
    return isCaption() ? "" : blip2.questions().ask(before, question);
  }

  Prompt prompt(String words) {
    Prompt prompt = Prompt.of(images.get(0));
    for (Image more : images.subList(1, images.size())) {
      prompt = prompt.image(more);
    }
    return prompt.text(words);
  }
}
