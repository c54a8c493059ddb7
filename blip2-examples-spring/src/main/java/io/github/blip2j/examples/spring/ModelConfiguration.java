package io.github.blip2j.examples.spring;

import dev.langchain4j.model.chat.ChatModel;
import io.github.blip2j.blip2.Blip2;
import io.github.blip2j.langchain4j.Blip2ChatModel;
import java.io.IOException;
import org.springframework.beans.factory.annotation.Value;
import org.springframework.context.annotation.Bean;
import org.springframework.context.annotation.Configuration;
import org.springframework.scheduling.concurrent.ThreadPoolTaskExecutor;

/** The model, and the thread that runs it. */
@Configuration(proxyBeanMethods = false)
class ModelConfiguration {

  /** Loaded before the port opens, and closed after the last call has ended. */
  @Bean(destroyMethod = "close")
  Blip2 blip2() throws IOException {
    return Blip2.bundled(); // or Blip2.load(folder, Precision.INT8)
  }

  /** The same model for code that speaks LangChain4j. */
  @Bean
  ChatModel chatModel(Blip2 blip2) {
    return Blip2ChatModel.of(blip2);
  }

  /**
   * One thread, because one call already uses all cores: more would only take memory and wait for
   * each other. Those who wait are counted, and one too many is refused.
   *
   * <p>No candidate for other injections, so that Boot's own executor stays.
   */
  @Bean(defaultCandidate = false)
  ThreadPoolTaskExecutor modelThread(@Value("${pictures.queue}") int queue) {
    var executor = new ThreadPoolTaskExecutor();
    executor.setThreadNamePrefix("model-");
    executor.setCorePoolSize(1);
    executor.setMaxPoolSize(1);
    executor.setQueueCapacity(queue);
    executor.setWaitForTasksToCompleteOnShutdown(true);
    executor.setAwaitTerminationSeconds(30);
    return executor;
  }
}
