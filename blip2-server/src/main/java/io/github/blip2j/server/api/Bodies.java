package io.github.blip2j.server.api;

import com.google.gson.JsonArray;
import com.google.gson.JsonElement;
import com.google.gson.JsonObject;
import com.google.gson.JsonParseException;
import com.google.gson.JsonParser;
import com.google.gson.JsonPrimitive;
import com.google.gson.Strictness;
import com.google.gson.stream.JsonReader;
import com.google.gson.stream.JsonToken;
import io.github.blip2j.server.work.Picture;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.io.InputStreamReader;
import java.nio.ByteBuffer;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** The body of a request as JSON; or, for our own routes, as a form or an image with a query. */
final class Bodies {
  private static final int DEPTH = 100;

  private Bodies() {}

  /**
   * A body for one of our own routes.
   *
   * @param fields what was asked
   * @param picture the image, unless it is a field of JSON
   */
  record Asked(Fields fields, @Nullable Picture picture) {}

  /** A body that must be a JSON object. */
  static JsonObject json(Call call) {
    String type = call.body().type();
    if (type != null && !type.startsWith("application/json")) {
      throw ApiException.request(
          415, "unsupported_media_type", "Content-Type: application/json expected, got " + type);
    }
    return parse(call.body().bytes());
  }

  private static JsonObject parse(byte[] body) {
    try (var reader =
        new JsonReader(
            new InputStreamReader(
                new ByteArrayInputStream(body), StandardCharsets.UTF_8.newDecoder()))) {
      reader.setStrictness(Strictness.STRICT);
      reader.setNestingLimit(DEPTH);
      JsonElement json = JsonParser.parseReader(reader);
      if (reader.peek() != JsonToken.END_DOCUMENT) {
        throw broken("more behind its end");
      }
      return Fields.object("body", json);
    } catch (CharacterCodingException e) {
      throw broken("bytes that are no UTF-8");
    } catch (IOException | JsonParseException | NumberFormatException e) {
      throw broken(String.valueOf(e.getMessage()).lines().findFirst().orElse("nothing"));
    } catch (IllegalStateException e) {
      throw broken("something else");
    }
  }

  private static ApiException broken(String got) {
    return ApiException.request(
        400, "invalid_json", "body: JSON of at most 100 levels expected, got " + got);
  }

  /** A body of one of our own routes: JSON, a form, or an image. */
  static Asked asked(Call call) {
    String type = call.body().type();
    if (type == null || type.startsWith("application/json")) {
      return new Asked(new Fields("", json(call)), null);
    }
    if (type.startsWith("multipart/form-data")) {
      return form(call.body().parts());
    }
    if (type.startsWith("image/") || type.startsWith("application/octet-stream")) {
      var json = new JsonObject();
      for (Map.Entry<String, List<String>> parameter : call.query().entrySet()) {
        parameter.getValue().forEach(value -> add(json, parameter.getKey(), value));
      }
      return new Asked(new Fields("", json), Picture.of("image", call.body().bytes()));
    }
    throw ApiException.request(
        415,
        "unsupported_media_type",
        "Content-Type: application/json, multipart/form-data or an image expected, got " + type);
  }

  private static Asked form(List<Call.Part> parts) {
    var json = new JsonObject();
    Picture picture = null;
    for (Call.Part part : parts) {
      if (part.name().equals("image")) {
        if (picture != null) {
          throw ApiException.invalid("image", "one expected, got two");
        }
        picture = Picture.of("image", part.content().bytes());
      } else {
        add(json, part.name(), utf8(part));
      }
    }
    return new Asked(new Fields("", json), picture);
  }

  private static String utf8(Call.Part part) {
    try {
      return StandardCharsets.UTF_8
          .newDecoder()
          .decode(ByteBuffer.wrap(part.content().bytes()))
          .toString();
    } catch (CharacterCodingException e) {
      throw ApiException.invalid(part.name(), "UTF-8 expected, got other bytes");
    }
  }

  /** A name that comes several times is a list. */
  private static void add(JsonObject json, String name, String value) {
    JsonElement there = json.get(name);
    if (there == null) {
      json.addProperty(name, value);
    } else if (there instanceof JsonArray array) {
      array.add(value);
    } else {
      var both = new JsonArray();
      both.add(there);
      both.add(new JsonPrimitive(value));
      json.add(name, both);
    }
  }
}
