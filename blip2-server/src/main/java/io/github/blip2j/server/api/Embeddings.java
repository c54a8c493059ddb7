package io.github.blip2j.server.api;

import com.google.gson.JsonArray;
import com.google.gson.JsonElement;
import com.google.gson.JsonObject;
import com.google.gson.JsonPrimitive;
import io.github.blip2j.server.models.ModelKind.Task;
import io.github.blip2j.server.models.ModelSource;
import io.github.blip2j.server.work.EmbedJob;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.ArrayList;
import java.util.Base64;
import java.util.List;

/** {@code POST /v1/embeddings}: unit vectors of texts and images in one space. */
public final class Embeddings implements Endpoint {
  private static final int MOST_INPUTS = 256;

  private final Desk desk;

  /** The endpoint. */
  public Embeddings(Desk desk) {
    this.desk = desk;
  }

  @Override
  public void handle(Call call, Reply reply) {
    var fields = new Fields("", Bodies.json(call));
    OpenAiFields.EMBEDDINGS.check(fields);
    ModelSource source = desk.model(fields.optionalString("model"), Task.EMBED);
    String format = fields.optionalString("encoding_format");
    if (format != null && !format.equals("float") && !format.equals("base64")) {
      throw ApiException.invalid("encoding_format", "float or base64 expected, got '%s'", format);
    }
    boolean base64 = "base64".equals(format);
    List<EmbedJob.Input> inputs = inputs(fields);
    Integer dimensions = fields.optionalInteger("dimensions");
    desk.submit(
        new EmbedJob(source.name(), inputs),
        reply,
        embedded -> {
          int width = embedded.vectors().get(0).size();
          if (dimensions != null && dimensions != width) {
            throw ApiException.invalid(
                "dimensions", "%d expected, which the model has, got %d", width, dimensions);
          }
          reply.json(200, json(source.name(), embedded, base64));
        });
  }

  private List<EmbedJob.Input> inputs(Fields fields) {
    JsonElement given = fields.required("input", "text, a data URL, or a list of them");
    if (!given.isJsonArray()) {
      return List.of(input("input", given, desk.images()));
    }
    JsonArray array = given.getAsJsonArray();
    Fields.requireCount("input", array, MOST_INPUTS);
    List<EmbedJob.Input> inputs = new ArrayList<>();
    for (int i = 0; i < array.size(); i++) {
      inputs.add(input("input[" + i + "]", array.get(i), desk.images()));
    }
    return inputs;
  }

  /** A text, a data URL, {@code {"text": ...}} or {@code {"image": data URL}}. */
  static EmbedJob.Input input(String path, JsonElement value, Images images) {
    if (value instanceof JsonPrimitive) {
      String text = Fields.text(path, value);
      return DataUrl.is(text)
          ? new EmbedJob.Seen(images.picture(path, text))
          : new EmbedJob.Text(words(path, text));
    }
    var fields = new Fields(path + ".", Fields.object(path, value));
    if (fields.has("image") == fields.has("text")) {
      throw ApiException.invalid(path, "either text or image expected");
    }
    return fields.has("text")
        ? new EmbedJob.Text(words(path + ".text", fields.string("text")))
        : new EmbedJob.Seen(images.picture(path + ".image", fields.string("image")));
  }

  private static String words(String path, String text) {
    if (text.isBlank()) {
      throw ApiException.invalid(path, "text expected, got a blank");
    }
    return text;
  }

  private static JsonObject json(String model, EmbedJob.Embedded embedded, boolean base64) {
    List<List<Float>> vectors = embedded.vectors();
    var data = new JsonArray();
    for (int i = 0; i < vectors.size(); i++) {
      var one = new JsonObject();
      one.addProperty("object", "embedding");
      one.addProperty("index", i);
      if (base64) {
        one.addProperty("embedding", base64(vectors.get(i)));
      } else {
        var numbers = new JsonArray();
        vectors.get(i).forEach(numbers::add);
        one.add("embedding", numbers);
      }
      data.add(one);
    }
    var usage = new JsonObject();
    usage.addProperty("prompt_tokens", embedded.tokens());
    usage.addProperty("total_tokens", embedded.tokens());
    var json = new JsonObject();
    json.addProperty("object", "list");
    json.add("data", data);
    json.addProperty("model", model);
    json.add("usage", usage);
    return json;
  }

  /** Little-endian float32, as OpenAI. */
  private static String base64(List<Float> vector) {
    ByteBuffer bytes =
        ByteBuffer.allocate(vector.size() * Float.BYTES).order(ByteOrder.LITTLE_ENDIAN);
    vector.forEach(bytes::putFloat);
    return Base64.getEncoder().encodeToString(bytes.array());
  }
}
