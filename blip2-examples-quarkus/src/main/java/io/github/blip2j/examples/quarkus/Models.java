package io.github.blip2j.examples.quarkus;

import dev.langchain4j.model.chat.ChatModel;
import io.github.blip2j.blip2.Blip2;
import io.github.blip2j.langchain4j.Blip2ChatModel;
import io.quarkus.runtime.Startup;
import jakarta.enterprise.inject.Disposes;
import jakarta.enterprise.inject.Produces;
import jakarta.inject.Singleton;
import java.io.IOException;

/**
 * The model as a bean. {@code @Singleton}, because {@code @ApplicationScoped} puts a generated
 * subclass in front of it, for which Quarkus has to rewrite the library's final classes.
 */
@Singleton
class Models {

  /** Loaded before the port opens, and not by the first request. */
  @Produces
  @Singleton
  @Startup
  Blip2 blip2() throws IOException {
    return Blip2.bundled(); // or Blip2.load(folder, Precision.INT8)
  }

  /** Waits for the calls that still run. */
  void close(@Disposes Blip2 blip2) {
    blip2.close();
  }

  /** The same model for code that speaks LangChain4j. */
  @Produces
  @Singleton
  ChatModel chatModel(Blip2 blip2) {
    return Blip2ChatModel.of(blip2);
  }
}
