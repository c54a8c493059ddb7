package io.github.blip2j.cli.console;

import java.io.ByteArrayOutputStream;
import java.net.URI;
import java.nio.ByteBuffer;
import java.nio.CharBuffer;
import java.nio.charset.CharsetDecoder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.InvalidPathException;
import java.nio.file.Path;
import java.util.Locale;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/**
 * Conversion between paths and their names as text. To the system a name is bytes, and not all
 * bytes are text: a name of other bytes is spelt with their numbers, as in {@code caf\xe9.png}, in
 * output and input alike.
 */
public final class FileName {
  private static final Pattern BYTE = Pattern.compile("\\\\x([0-9a-f]{2})");

  private FileName() {}

  /** A path as text, with numbers for bytes that are not UTF-8. */
  public static String of(Path file) {
    if (file.equals(pathOrNull(file.toString()))) {
      return file.toString();
    }
    var name = new StringBuilder(file.isAbsolute() ? "/" : "");
    for (Path part : file) {
      name.append(text(bytes(part))).append('/');
    }
    return name.substring(0, name.length() - 1);
  }

  /**
   * The path of a name.
   *
   * @throws InvalidPathException if no file can have it
   */
  public static Path path(String name) {
    @Nullable Path literal = pathOrNull(name);
    boolean numbered = BYTE.matcher(name).find();
    if (literal != null && (!numbered || Files.exists(literal))) {
      return literal;
    }
    return name.indexOf('\0') >= 0 ? Path.of(name) : ofBytes(name);
  }

  private static @Nullable Path pathOrNull(String name) {
    try {
      return Path.of(name);
    } catch (InvalidPathException e) {
      return null;
    }
  }

  /** A path of these bytes, by way of a URI, the only form that takes bytes. */
  private static Path ofBytes(String name) {
    var address = new StringBuilder();
    if (!name.startsWith("/")) {
      String here = Path.of("").toAbsolutePath().toUri().getRawPath();
      address.append(here).append(here.endsWith("/") ? "" : "/");
    }
    Matcher numbers = BYTE.matcher(name);
    int at = 0;
    while (numbers.find()) {
      encode(name.substring(at, numbers.start()), address);
      address.append('%').append(numbers.group(1));
      at = numbers.end();
    }
    encode(name.substring(at), address);
    return Path.of(URI.create("file://" + address));
  }

  private static void encode(String text, StringBuilder address) {
    for (byte each : text.getBytes(StandardCharsets.UTF_8)) {
      if (each == '/') {
        address.append('/');
      } else {
        address.append(String.format(Locale.ROOT, "%%%02x", each));
      }
    }
  }

  /** The bytes of a name. */
  private static byte[] bytes(Path part) {
    String address = part.toUri().getRawPath();
    String whole = address.endsWith("/") ? address.substring(0, address.length() - 1) : address;
    String name = whole.substring(whole.lastIndexOf('/') + 1);
    var bytes = new ByteArrayOutputStream();
    for (int i = 0; i < name.length(); i++) {
      if (name.charAt(i) == '%') {
        bytes.write(Integer.parseInt(name, i + 1, i + 3, 16));
        i += 2;
      } else {
        bytes.write(name.charAt(i));
      }
    }
    return bytes.toByteArray();
  }

  private static String text(byte[] bytes) {
    CharsetDecoder utf8 = StandardCharsets.UTF_8.newDecoder(); // stops at bytes that are not UTF-8
    ByteBuffer in = ByteBuffer.wrap(bytes);
    CharBuffer out = CharBuffer.allocate(bytes.length);
    var text = new StringBuilder();
    while (utf8.decode(in, out, true).isError()) {
      text.append(out.flip()).append(String.format(Locale.ROOT, "\\x%02x", in.get()));
      out.clear();
      utf8.reset();
    }
    return text.append(out.flip()).toString();
  }
}
