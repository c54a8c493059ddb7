package io.github.blip2j.server.api;

import com.google.gson.JsonArray;
import com.google.gson.JsonElement;
import com.google.gson.JsonObject;
import com.google.gson.JsonPrimitive;
import io.github.blip2j.server.work.Picture;
import java.nio.ByteBuffer;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** The body of a request as JSON; or, for our own routes, as a form or an image with a query. */
final class Bodies {
  private static final String JSON = "application/json";

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
    if (type != null && !mediaType(type).equals(JSON)) {
      throw unsupported("application/json expected, got " + ApiException.shortened(type));
    }
    return Fields.object("body", StrictJson.parse(call.body().bytes()));
  }

  /** A body of one of our own routes: JSON, a form, or an image. */
  static Asked asked(Call call) {
    String type = call.body().type();
    String media = type == null ? JSON : mediaType(type);
    if (media.equals(JSON)) {
      return new Asked(new Fields("", json(call)), null);
    }
    if (media.equals("multipart/form-data")) {
      return form(call.body().parts());
    }
    if (media.startsWith("image/") || media.equals("application/octet-stream")) {
      var json = new JsonObject();
      for (Map.Entry<String, List<String>> parameter : call.query().entrySet()) {
        parameter.getValue().forEach(value -> add(json, parameter.getKey(), value));
      }
      return new Asked(Fields.ofTexts(json), Picture.of("image", call.body().bytes()));
    }
    throw unsupported(
        "application/json, multipart/form-data or an image expected, got "
            + ApiException.shortened(media));
  }

  /** A type without its parameters. JSON has none: RFC 8259 says that it is UTF-8. */
  private static String mediaType(String type) {
    int parameters = type.indexOf(';');
    return (parameters < 0 ? type : type.substring(0, parameters)).strip();
  }

  private static ApiException unsupported(String message) {
    return ApiException.request(415, "unsupported_media_type", "Content-Type: " + message);
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
    return new Asked(Fields.ofTexts(json), picture);
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
