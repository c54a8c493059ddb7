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
 * What a file is called, and where the file of a name is. To the system a name is bytes, of which
 * not all are text: a picture of such a name is called by its bytes, as in {@code caf\xe9.png}, on
 * the way out as on the way in.
 */
public final class FileName {
  private static final Pattern BYTE = Pattern.compile("\\\\x([0-9a-f]{2})");

  private FileName() {}

  /** A path as text, with numbers for bytes that are none. */
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
   * The file of a name.
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

  /** Only an address tells the system bytes. */
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

  /** A name as the system has it. */
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
    CharsetDecoder utf8 = StandardCharsets.UTF_8.newDecoder(); // stops at what is none
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
