package io.github.blip2j.server.api;

import io.github.blip2j.generation.GenerationConfig;
import io.github.blip2j.server.work.GenerateJob;
import io.github.blip2j.server.work.GenerateJob.Written;
import io.github.blip2j.server.work.Spelled;
import java.util.List;

/** A chat that is answered in chunks. Several texts come whole, one after the other. */
final class ChatStream implements GenerateJob.Listener {
  private final ChatJson json;
  private final boolean usage;
  private final boolean single;
  private final Reply reply;
  // Written by the model thread, read after it is done.
  private boolean begun;
  private int told; // tokens

  ChatStream(ChatJson json, boolean usage, GenerationConfig config, Reply reply) {
    this.json = json;
    this.usage = usage;
    this.single = config.numReturnSequences() == 1;
    this.reply = reply;
  }

  @Override
  public void piece(String text, List<Spelled> tokens) {
    if (single) {
      begin();
      told += tokens.size();
      reply.events().send(json.chunk(0, text, tokens).toString());
    }
  }

  private void begin() {
    if (!begun) {
      begun = true;
      reply.events().send(json.firstChunk(0).toString());
    }
  }

  void finish(Written written) {
    Reply.Events events = reply.events();
    if (single) {
      begin(); // if there was no text
      events.send(json.lastChunk(0, written, told).toString());
    } else {
      for (int i = 0; i < written.texts().size(); i++) {
        events.send(json.firstChunk(i).toString());
        events.send(
            json.chunk(i, written.texts().get(i).text(), written.tokens().get(i)).toString());
        events.send(json.lastChunk(i, written, written.tokens().get(i).size()).toString());
      }
    }
    if (usage) {
      events.send(json.usageChunk(written).toString());
    }
    events.send("[DONE]");
    events.end();
  }
}
