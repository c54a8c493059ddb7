package io.github.blip2j.server.api;

import com.google.gson.JsonArray;
import com.google.gson.JsonElement;
import com.google.gson.JsonNull;
import com.google.gson.JsonObject;
import com.google.gson.JsonPrimitive;
import com.google.gson.Strictness;
import com.google.gson.ToNumberPolicy;
import com.google.gson.stream.JsonReader;
import com.google.gson.stream.JsonToken;
import java.io.ByteArrayInputStream;
import java.io.EOFException;
import java.io.IOException;
import java.io.InputStreamReader;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.StandardCharsets;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * JSON of RFC 8259 in UTF-8, with each name once: of two values of a name, one would be without its
 * effect.
 */
final class StrictJson {
  private static final int DEPTH = 100;
  private static final Pattern PLACE = Pattern.compile("at line ([0-9]+) column ([0-9]+)");

  private StrictJson() {}

  /** Parses; every mistake is a 400. */
  static JsonElement parse(byte[] body) {
    try (var reader =
        new JsonReader(
            new InputStreamReader(
                new ByteArrayInputStream(body), StandardCharsets.UTF_8.newDecoder()))) {
      reader.setStrictness(Strictness.STRICT);
      reader.setNestingLimit(DEPTH);
      JsonElement json = value(reader);
      if (reader.peek() != JsonToken.END_DOCUMENT) {
        throw broken("more behind its end; send one value");
      }
      return json;
    } catch (CharacterCodingException e) {
      throw broken("bytes that are no UTF-8; encode it as UTF-8");
    } catch (EOFException e) {
      throw broken("its end too early; send all of it");
    } catch (IOException | NumberFormatException | IllegalStateException e) {
      throw broken("a mistake" + place(String.valueOf(e.getMessage())));
    }
  }

  private static JsonElement value(JsonReader reader) throws IOException {
    return switch (reader.peek()) {
      case BEGIN_OBJECT -> object(reader);
      case BEGIN_ARRAY -> {
        var array = new JsonArray();
        reader.beginArray();
        while (reader.hasNext()) {
          array.add(value(reader));
        }
        reader.endArray();
        yield array;
      }
      case STRING -> new JsonPrimitive(reader.nextString());
      case NUMBER -> new JsonPrimitive(ToNumberPolicy.LAZILY_PARSED_NUMBER.readNumber(reader));
      case BOOLEAN -> new JsonPrimitive(reader.nextBoolean());
      case NULL -> {
        reader.nextNull();
        yield JsonNull.INSTANCE;
      }
      default -> throw new IllegalStateException("no value");
    };
  }

  private static JsonObject object(JsonReader reader) throws IOException {
    var object = new JsonObject();
    reader.beginObject();
    while (reader.hasNext()) {
      String name = reader.nextName();
      if (object.has(name)) {
        throw broken("the name '" + ApiException.shortened(name) + "' twice; send it once");
      }
      object.add(name, value(reader));
    }
    reader.endObject();
    return object;
  }

  /** Where a mistake is, and what it is if that is known, from the parser's message. */
  private static String place(String message) {
    Matcher place = PLACE.matcher(message);
    String where = place.find() ? " at line " + place.group(1) + ", column " + place.group(2) : "";
    return message.startsWith("Nesting limit")
        ? where + ": more than " + DEPTH + " levels; send fewer"
        : where + "; write it with a JSON library";
  }

  private static ApiException broken(String got) {
    return ApiException.request(400, "invalid_json", "body: JSON expected, got " + got);
  }
}
