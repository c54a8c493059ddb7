package io.github.blip2j.server.api;

import com.google.gson.JsonNull;
import com.google.gson.JsonObject;
import io.github.blip2j.backend.MemoryShortageException;
import io.github.blip2j.server.models.UnavailableModelException;
import io.github.blip2j.server.photos.UnavailableIndexException;
import io.github.blip2j.server.work.PictureException;
import io.github.blip2j.server.work.QueueFullException;
import java.util.Map;
import java.util.concurrent.CancellationException;
import java.util.concurrent.CompletionException;
import java.util.concurrent.ExecutionException;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** From exceptions to errors in OpenAI's shape. */
public final class Errors {
  private static final Logger LOG = LoggerFactory.getLogger(Errors.class);

  /** What the library calls a setting, and what the API calls it. */
  private static final Map<String, String> PARAMETERS =
      Map.of(
          "maxNewTokens", "max_tokens",
          "minNewTokens", "min_tokens",
          "numBeams", "num_beams",
          "numReturnSequences", "n",
          "temperature", "temperature",
          "topP", "top_p",
          "topK", "top_k",
          "repetitionPenalty", "repetition_penalty",
          "lengthPenalty", "length_penalty",
          "noRepeatNgramSize", "no_repeat_ngram_size");

  private Errors() {}

  /** The error that a client is told for a failure; what is no client's business is logged. */
  public static ApiException of(Throwable failure) {
    Throwable e = failure;
    while ((e instanceof CompletionException || e instanceof ExecutionException)
        && e.getCause() != null) {
      e = e.getCause();
    }
    if (e instanceof ApiException told) {
      return told;
    }
    if (e instanceof QueueFullException full) {
      return ApiException.unavailable("server_busy", message(e), full.retryAfterSeconds());
    }
    if (e instanceof UnavailableModelException) {
      return ApiException.unavailable("model_unavailable", message(e), 0);
    }
    if (e instanceof UnavailableIndexException) {
      return ApiException.unavailable("index_unavailable", message(e), 0);
    }
    if (e instanceof PictureException bad) {
      return ApiException.image(bad.picture(), message(e));
    }
    if (e instanceof MemoryShortageException || e instanceof OutOfMemoryError) {
      LOG.error("memory was short", e);
      return ApiException.unavailable(
          "out_of_memory", "memory: room expected for this request, got too little", 1);
    }
    if (e instanceof CancellationException) {
      return ApiException.unavailable("cancelled", message(e), 0);
    }
    if (e instanceof IllegalArgumentException) {
      return parameter(message(e));
    }
    LOG.error("a request failed", e);
    return ApiException.server(
        500, "internal_error", "server: an answer expected, got a fault; see the server's log");
  }

  private static ApiException parameter(String message) {
    for (Map.Entry<String, String> name : PARAMETERS.entrySet()) {
      if (message.startsWith("decoding: " + name.getKey())) {
        String own = message.substring("decoding: ".length() + name.getKey().length());
        return ApiException.parameter(name.getValue(), name.getValue() + ":" + own);
      }
    }
    return ApiException.request(400, "invalid_value", message);
  }

  private static String message(Throwable e) {
    return String.valueOf(e.getMessage());
  }

  /** The error as JSON. */
  public static JsonObject json(ApiException e) {
    var error = new JsonObject();
    error.addProperty("message", e.getMessage());
    error.addProperty("type", e.type());
    add(error, "param", e.param());
    add(error, "code", e.code());
    var json = new JsonObject();
    json.add("error", error);
    return json;
  }

  private static void add(JsonObject json, String name, @Nullable String value) {
    if (value == null) {
      json.add(name, JsonNull.INSTANCE); // clients expect the name to be there
    } else {
      json.addProperty(name, value);
    }
  }
}
