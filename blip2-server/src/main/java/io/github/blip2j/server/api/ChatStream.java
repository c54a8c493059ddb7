package io.github.blip2j.server.api;

import io.github.blip2j.generation.GenerationConfig;
import io.github.blip2j.server.work.GenerateJob.Written;
import java.util.List;
import java.util.function.Consumer;

/** A chat that is answered in chunks. Several texts come whole, one after the other. */
final class ChatStream implements Consumer<String> {
  private final ChatJson json;
  private final List<String> stops;
  private final StopText stop;
  private final boolean usage;
  private final boolean single;
  private final Reply reply;
  private boolean begun; // written by the model thread, read after it is done

  ChatStream(
      ChatJson json, List<String> stops, boolean usage, GenerationConfig config, Reply reply) {
    this.json = json;
    this.stops = stops;
    this.stop = StopText.of(stops);
    this.usage = usage;
    this.single = config.numReturnSequences() == 1;
    this.reply = reply;
  }

  /** A piece of the text, on the model thread. */
  @Override
  public void accept(String piece) {
    if (single) {
      tell(stop.next(piece));
    }
  }

  private void tell(String text) {
    if (text.isEmpty()) {
      return;
    }
    begin();
    reply.events().send(json.chunk(0, null, text, null).toString());
  }

  private void begin() {
    if (!begun) {
      begun = true;
      reply.events().send(json.chunk(0, "assistant", "", null).toString());
    }
  }

  void finish(Written written) {
    Reply.Events events = reply.events();
    if (single) {
      tell(stop.rest());
      begin(); // if there was no text
      events.send(json.lastChunk(0, written).toString());
    } else {
      for (int i = 0; i < written.texts().size(); i++) {
        String text = StopText.cut(written.texts().get(i).text(), stops);
        events.send(json.chunk(i, "assistant", text, null).toString());
        events.send(json.lastChunk(i, written).toString());
      }
    }
    if (usage) {
      events.send(json.usageChunk(written).toString());
    }
    events.send("[DONE]");
    events.end();
  }
}
