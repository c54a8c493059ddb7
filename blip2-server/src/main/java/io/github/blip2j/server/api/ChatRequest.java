package io.github.blip2j.server.api;

import com.google.gson.JsonArray;
import com.google.gson.JsonElement;
import com.google.gson.JsonPrimitive;
import io.github.blip2j.blip2.text.Conversation;
import io.github.blip2j.server.work.Picture;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * The messages of a chat as a prompt about images. Text of the last message that is blank asks for
 * a caption; other text is a question, and the turns before it are the conversation. System
 * messages are ignored.
 *
 * @param pictures all images of all messages, in order
 * @param before the turns before the last message
 * @param text of the last message
 */
record ChatRequest(List<Picture> pictures, Conversation before, String text) {
  private static final int MOST_MESSAGES = 1000;
  private static final int MOST_IMAGES = 64;
  private static final Set<String> IGNORED = Set.of("system", "developer");

  /** Reads messages. */
  static ChatRequest read(Fields fields, Images images) {
    JsonArray messages =
        Fields.array("messages", fields.required("messages", "a list of messages"));
    Fields.requireCount("messages", messages, MOST_MESSAGES);
    var reader = new Reader(images);
    for (int i = 0; i < messages.size(); i++) {
      String path = "messages[" + i + "]";
      reader.read(new Fields(path + ".", Fields.object(path, messages.get(i))));
    }
    return reader.finished();
  }

  /** Collects what messages say. */
  private static final class Reader {
    private final Images images;
    private final List<Picture> pictures = new ArrayList<>();
    private Conversation before = Conversation.empty();
    private @Nullable String asked; // by the last message, if it was the user's

    Reader(Images images) {
      this.images = images;
    }

    void read(Fields message) {
      OpenAiFields.MESSAGE.check(message);
      String role = message.string("role");
      if (IGNORED.contains(role)) {
        return;
      }
      if (role.equals("user")) {
        String text = content(message);
        asked = asked == null || asked.isBlank() ? text : asked + "\n" + text;
      } else if (role.equals("assistant")) {
        String text = content(message);
        if (asked != null && !asked.isBlank() && !text.isBlank()) {
          before = before.and(asked, text);
        }
        asked = null;
      } else {
        throw ApiException.invalid(
            message.path("role"), "user, assistant or system expected, got '%s'", role);
      }
    }

    private String content(Fields message) {
      JsonElement content = message.get("content");
      if (content == null) {
        return "";
      }
      if (content instanceof JsonPrimitive) {
        return Fields.text(message.path("content"), content);
      }
      String path = message.path("content");
      JsonArray parts = Fields.array(path, content);
      var text = new StringBuilder();
      for (int i = 0; i < parts.size(); i++) {
        String at = path + "[" + i + "]";
        part(new Fields(at + ".", Fields.object(at, parts.get(i))), text);
      }
      return text.toString();
    }

    private void part(Fields part, StringBuilder text) {
      String type = part.string("type");
      switch (type) {
        case "text" -> {
          OpenAiFields.TEXT.check(part);
          text.append(text.isEmpty() ? "" : "\n").append(part.string("text"));
        }
        case "image_url" -> pictures.add(image(part));
        default ->
            throw ApiException.invalid(
                part.path("type"), "text or image_url expected, got '%s'", type);
      }
      if (pictures.size() > MOST_IMAGES) {
        throw ApiException.invalid("messages", "at most %d images expected, got more", MOST_IMAGES);
      }
    }

    private Picture image(Fields part) {
      OpenAiFields.IMAGE.check(part);
      String path = part.path("image_url");
      JsonElement value = part.required("image_url", "an object with a url");
      if (value instanceof JsonPrimitive) {
        return images.picture(path, Fields.text(path, value));
      }
      var url = new Fields(path + ".", Fields.object(path, value));
      OpenAiFields.IMAGE_URL.check(url);
      return images.picture(path + ".url", url.string("url"));
    }

    ChatRequest finished() {
      if (asked == null) {
        throw ApiException.invalid("messages", "a user's message expected at the end, got none");
      }
      if (pictures.isEmpty()) {
        throw ApiException.invalid(
            "messages",
            "at least one image expected, as an image_url part, got none; this model answers"
                + " about images alone");
      }
      return new ChatRequest(List.copyOf(pictures), before, asked);
    }
  }
}
