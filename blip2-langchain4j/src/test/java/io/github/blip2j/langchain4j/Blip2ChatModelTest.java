package io.github.blip2j.langchain4j;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.langchain4j.agent.tool.ToolSpecification;
import dev.langchain4j.data.message.AiMessage;
import dev.langchain4j.data.message.ImageContent;
import dev.langchain4j.data.message.SystemMessage;
import dev.langchain4j.data.message.TextContent;
import dev.langchain4j.data.message.UserMessage;
import dev.langchain4j.exception.UnsupportedFeatureException;
import dev.langchain4j.memory.chat.MessageWindowChatMemory;
import dev.langchain4j.model.chat.ChatModel;
import dev.langchain4j.model.chat.listener.ChatModelListener;
import dev.langchain4j.model.chat.listener.ChatModelResponseContext;
import dev.langchain4j.model.chat.request.ChatRequest;
import dev.langchain4j.model.chat.request.DefaultChatRequestParameters;
import dev.langchain4j.model.chat.request.ResponseFormat;
import dev.langchain4j.model.chat.response.ChatResponse;
import dev.langchain4j.model.output.FinishReason;
import dev.langchain4j.service.AiServices;
import io.github.blip2j.blip2.Blip2;
import io.github.blip2j.blip2.text.Conversation;
import io.github.blip2j.blip2.text.Prompt;
import java.io.IOException;
import java.net.URI;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.TreeSet;
import java.util.function.UnaryOperator;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;

/** Answers through LangChain4j's interfaces, held against the library's own. */
final class Blip2ChatModelTest {
  private static final String QUESTION = "what color is the star?";

  private static Blip2 blip2;
  private static ChatModel model;

  @BeforeAll
  static void load() throws IOException {
    blip2 = Blip2.bundled();
    model = Blip2ChatModel.of(blip2).withName("tiny");
  }

  @AfterAll
  static void close() {
    blip2.close();
  }

  private static UserMessage asked(String question) {
    return UserMessage.from(TextContent.from(question), Photos.starContent());
  }

  @Test
  void chat_answersAsTheLibrary() {
    ChatResponse response = model.chat(asked(QUESTION));

    assertEquals(blip2.answer(Photos.star(), QUESTION), response.aiMessage().text());
    assertEquals("tiny", response.modelName());
    assertEquals(FinishReason.STOP, response.finishReason());
    String words = blip2.questions().ask(Conversation.empty(), QUESTION);
    int input = blip2.model().config().queryTokens() + blip2.tokenizer().encodePlain(words).length;
    assertEquals(input, response.tokenUsage().inputTokenCount());
    assertTrue(response.tokenUsage().outputTokenCount() > 0);
  }

  @Test
  void chat_withoutWords_isACaption() {
    String caption = blip2.caption(Photos.star());
    assertEquals(caption, model.chat(UserMessage.from(Photos.starContent())).aiMessage().text());
    assertEquals(caption, model.chat(asked(" ")).aiMessage().text());
  }

  @Test
  void chat_withEarlierTurns_isAConversation_andSystemMessagesAreIgnored() {
    String expected =
        blip2.answer(Photos.star(), Conversation.empty().and(QUESTION, "green"), "sure?");

    ChatResponse response =
        model.chat(
            SystemMessage.from("Be brief."),
            asked(QUESTION),
            AiMessage.from("green"),
            UserMessage.from("sure?"));

    assertEquals(expected, response.aiMessage().text());
  }

  @Test
  void chat_aboutSeveralImages_isOnePromptOfBoth() {
    ChatResponse response =
        model.chat(
            UserMessage.from(
                TextContent.from(QUESTION), Photos.starContent(), Photos.content("a.png")));

    String words = blip2.questions().ask(Conversation.empty(), QUESTION);
    Prompt both = Prompt.of(Photos.star()).image(Photos.image("a.png")).text(words);
    assertEquals(
        blip2.generate(both, blip2.answerConfig()).get(0).text(), response.aiMessage().text());
  }

  private static ChatResponse chat(
      UnaryOperator<DefaultChatRequestParameters.Builder<?>> parameters) {
    return model.chat(
        ChatRequest.builder()
            .messages(UserMessage.from(Photos.starContent()))
            .parameters(parameters.apply(DefaultChatRequestParameters.builder()).build())
            .build());
  }

  @Test
  void parameters_areHonoured() {
    String caption = blip2.caption(Photos.star()); // as "a red star on a purple background"
    ChatResponse one = chat(p -> p.maxOutputTokens(1));
    assertEquals(FinishReason.LENGTH, one.finishReason());
    assertEquals(1, one.tokenUsage().outputTokenCount());

    String stop = caption.substring(caption.lastIndexOf(' ') + 1);
    String cut = chat(p -> p.stopSequences(List.of(stop))).aiMessage().text();
    assertTrue(caption.startsWith(cut) && cut.length() < caption.length(), cut);

    assertEquals(caption, chat(p -> p.temperature(0.0)).aiMessage().text());
    Set<String> sampled = new TreeSet<>();
    for (int i = 0; i < 8; i++) {
      sampled.add(chat(p -> p.temperature(20.0).topK(50)).aiMessage().text());
    }
    assertNotEquals(1, sampled.size());
  }

  @Test
  void parameters_withoutEffect_areRefused() {
    var tool = ToolSpecification.builder().name("clock").build();
    assertUnsupported("frequencyPenalty", p -> p.frequencyPenalty(0.5));
    assertUnsupported("presencePenalty", p -> p.presencePenalty(0.5));
    assertUnsupported("toolSpecifications", p -> p.toolSpecifications(List.of(tool)));
    assertUnsupported("responseFormat", p -> p.responseFormat(ResponseFormat.JSON));
    assertUnsupported("modelName 'tiny' or none expected, got 'gpt'", p -> p.modelName("gpt"));
    assertEquals("tiny", chat(p -> p.modelName("tiny")).modelName());
    assertThrows(IllegalArgumentException.class, () -> chat(p -> p.temperature(-1.0)));
  }

  private static void assertUnsupported(
      String words, UnaryOperator<DefaultChatRequestParameters.Builder<?>> parameters) {
    String message =
        assertThrows(UnsupportedFeatureException.class, () -> chat(parameters)).getMessage();
    assertTrue(String.valueOf(message).contains(words), message);
  }

  @Test
  void messages_withoutWhatItTakes_areRefused() {
    assertRefused("at least one image expected", UserMessage.from(QUESTION));
    assertRefused(
        "got a URL of file",
        UserMessage.from(ImageContent.from(URI.create("file:///etc/hostname"))));
    assertRefused(
        "got a URL of https", UserMessage.from(ImageContent.from("https://example.org/a.png")));
    assertRefused("image", UserMessage.from(ImageContent.from("AAAA", "image/png")));
    String message =
        assertThrows(
                IllegalArgumentException.class,
                () -> model.chat(asked(QUESTION), AiMessage.from("red")))
            .getMessage();
    assertTrue(String.valueOf(message).contains("a user's message expected"), message);
  }

  private static void assertRefused(String words, UserMessage message) {
    String told =
        assertThrows(IllegalArgumentException.class, () -> model.chat(message)).getMessage();
    assertTrue(String.valueOf(told).contains(words), told);
  }

  @Test
  void listeners_areTold() {
    List<String> told = new ArrayList<>();
    var listener =
        new ChatModelListener() {
          @Override
          public void onResponse(ChatModelResponseContext context) {
            told.add(context.chatResponse().aiMessage().text());
          }
        };
    ChatModel heard = Blip2ChatModel.of(blip2).withListeners(List.of(listener));

    String answer = heard.chat(asked(QUESTION)).aiMessage().text();

    assertEquals(List.of(answer), told);
  }

  /** What an application declares. */
  interface Assistant {
    String look(
        @dev.langchain4j.service.UserMessage String question,
        @dev.langchain4j.service.UserMessage ImageContent image);

    String ask(String question);
  }

  @Test
  void aiService_withMemory_asksAboutTheSamePicture() {
    Assistant assistant =
        AiServices.builder(Assistant.class)
            .chatModel(model)
            .chatMemory(MessageWindowChatMemory.withMaxMessages(10))
            .build();

    String first = assistant.look(QUESTION, Photos.starContent());
    String second = assistant.ask("what shape is it?");

    assertEquals(blip2.answer(Photos.star(), QUESTION), first);
    Conversation before = Conversation.empty().and(QUESTION, first);
    assertEquals(blip2.answer(Photos.star(), before, "what shape is it?"), second);
  }
}
