package io.github.blip2j.io.file;

import java.io.ByteArrayOutputStream;
import java.io.File;
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
 * Converts between file names and text. A file name is a sequence of bytes that need not be valid
 * text: invalid bytes are written as {@code \xe9}. The backslash of a name that contains such an
 * escape itself is written as {@code \x5c}, so different files have different texts, and a text
 * leads back to its file.
 */
public final class PathName {
  private static final Pattern BYTE = Pattern.compile("\\\\x([0-9a-f]{2})");
  private static final Pattern LIKE_A_BYTE = Pattern.compile("\\\\(?=x[0-9a-f]{2})");
  private static final boolean OF_BYTES = File.separatorChar == '/'; // else names are characters

  private PathName() {}

  /** A path as text. */
  public static String of(Path file) {
    String text = file.toString();
    if (!OF_BYTES) {
      return text;
    }
    if (file.equals(pathOrNull(text))) {
      return escaped(text);
    }
    var name = new StringBuilder(file.isAbsolute() ? "/" : "");
    for (Path part : file) {
      name.append(text(bytes(part))).append('/');
    }
    return name.substring(0, name.length() - 1);
  }

  /**
   * The file for a name that a user typed: the file with literally this name if it exists, else the
   * file whose text by {@link #of} this is.
   *
   * @throws InvalidPathException if no file can have the name
   */
  public static Path typed(String name) {
    @Nullable Path literal = pathOrNull(name);
    if (literal != null && (!isNumbered(name) || Files.exists(literal))) {
      return literal;
    }
    return name.indexOf('\0') >= 0 ? Path.of(name) : ofBytes(Path.of(""), name);
  }

  /**
   * The file for a name in a list of files: the file whose text by {@link #of} this is or, if it
   * doesn't exist, the file with literally this name.
   *
   * @param folder the folder of relative names
   * @throws InvalidPathException if no file can have the name
   */
  public static Path listed(Path folder, String name) {
    @Nullable Path literal = pathOrNull(name);
    if (!isNumbered(name) || name.indexOf('\0') >= 0) {
      return folder.resolve(name);
    }
    Path exact = ofBytes(folder, name);
    return literal == null || Files.exists(exact) ? exact : folder.resolve(literal);
  }

  /** The file beside another, of the same name but with another ending. */
  public static Path withEnding(Path file, String ending) {
    String text = file.toString();
    if (file.equals(pathOrNull(text))) {
      return file.resolveSibling(stem(String.valueOf(file.getFileName())) + ending);
    }
    String address = file.toUri().toString();
    int name = address.lastIndexOf('/') + 1;
    return Path.of(URI.create(address.substring(0, name) + stem(address.substring(name)) + ending));
  }

  private static String stem(String name) {
    int dot = name.lastIndexOf('.');
    return dot > 0 ? name.substring(0, dot) : name;
  }

  private static boolean isNumbered(String name) {
    return OF_BYTES && BYTE.matcher(name).find();
  }

  private static String escaped(CharSequence text) {
    return LIKE_A_BYTE.matcher(text).replaceAll("\\\\x5c");
  }

  private static @Nullable Path pathOrNull(String name) {
    try {
      return Path.of(name);
    } catch (InvalidPathException e) {
      return null;
    }
  }

  /** A path from bytes; only a URI passes bytes to the system. */
  private static Path ofBytes(Path folder, String name) {
    var address = new StringBuilder();
    if (!name.startsWith("/")) {
      String here = folder.toAbsolutePath().toUri().getRawPath();
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

  /** The bytes of a name in the file system. */
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
    CharsetDecoder utf8 = StandardCharsets.UTF_8.newDecoder(); // stops at invalid bytes
    ByteBuffer in = ByteBuffer.wrap(bytes);
    CharBuffer out = CharBuffer.allocate(bytes.length);
    var text = new StringBuilder();
    while (utf8.decode(in, out, true).isError()) {
      text.append(escaped(out.flip())).append(String.format(Locale.ROOT, "\\x%02x", in.get()));
      out.clear();
      utf8.reset();
    }
    return text.append(escaped(out.flip())).toString();
  }
}
