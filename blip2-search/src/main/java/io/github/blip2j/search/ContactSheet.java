package io.github.blip2j.search;

import io.github.blip2j.io.FileKind;
import io.github.blip2j.io.file.OutputFile;
import io.github.blip2j.io.file.Sha256;
import io.github.blip2j.vision.image.ImageDecoder;
import java.io.File;
import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.InvalidPathException;
import java.nio.file.Path;
import java.time.ZoneId;
import java.time.format.DateTimeFormatter;
import java.util.Base64;
import java.util.List;
import java.util.Locale;
import org.jspecify.annotations.Nullable;

/**
 * Results as one HTML file that needs no network: thumbnails are in it, scripts are not, and its
 * policy allows nothing else. Names are escaped. A photo that is gone or changed since it was
 * indexed says so.
 */
public final class ContactSheet {
  /** HTML pages: a sheet replaces no other file. */
  public static final FileKind KIND = new FileKind("an HTML page", ContactSheet::isPage);

  private static final String START = "<!DOCTYPE html>";
  private static final int SIDE = 224; // of a thumbnail, at most
  private static final DateTimeFormatter DAY =
      DateTimeFormatter.ofPattern("yyyy-MM-dd", Locale.ROOT);
  private static final String STYLE =
      """
      :root { color-scheme: light dark; font: 15px/1.4 system-ui, sans-serif; }
      body { margin: 1.5rem; }
      h1 { font-size: 1.3rem; overflow-wrap: anywhere; }
      h2 { font-size: 1rem; margin: 1.5rem 0 .5rem; }
      ol { display: grid; grid-template-columns: repeat(auto-fill, minmax(14rem, 1fr)); gap: 1rem; \
      list-style: none; padding: 0; }
      figure { margin: 0; }
      .frame { height: 14rem; display: flex; align-items: center; justify-content: center; \
      background: #8882; border-radius: .4rem; }
      img { max-width: 100%; max-height: 100%; }
      figcaption { overflow-wrap: anywhere; font-size: .85rem; margin-top: .3rem; }
      .mark { color: #c22; font-weight: 600; }
      """;

  private final StringBuilder page = new StringBuilder();
  private final ImageDecoder decoder = new ImageDecoder().withExifRotation(true);

  private ContactSheet(String title) {
    page.append(START + "\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n")
        .append("<meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; ")
        .append("img-src data:; style-src 'sha256-")
        .append(hash())
        .append("'\">\n<meta name=\"viewport\" content=\"width=device-width\">\n<title>")
        .append(escaped(title))
        .append("</title>\n<style>")
        .append(STYLE)
        .append("</style>\n</head>\n<body>\n<h1>")
        .append(escaped(title))
        .append("</h1>\n");
  }

  /**
   * Writes the results of a search.
   *
   * @param title such as the query
   * @param file replaced if it is an HTML page
   */
  public static void ofHits(String title, List<PhotoHit> hits, Path file) throws IOException {
    var sheet = new ContactSheet(title);
    sheet.page.append("<ol>\n");
    for (PhotoHit hit : hits) {
      String score = String.format(Locale.ROOT, "%.3f", hit.similarity());
      if (hit.match() != null) {
        score += String.format(Locale.ROOT, ", match %.3f", hit.match().itmProbability());
      }
      int copies = hit.copies().size();
      sheet.add(hit.photo(), copies == 0 ? score : score + ", copies: " + copies);
    }
    sheet.page.append("</ol>\n");
    sheet.write(file);
  }

  /**
   * Writes groups of duplicates.
   *
   * @param file replaced if it is an HTML page
   */
  public static void ofGroups(String title, List<PhotoGroup> groups, Path file) throws IOException {
    var sheet = new ContactSheet(title);
    for (PhotoGroup group : groups) {
      sheet
          .page
          .append("<h2>")
          .append(
              String.format(
                  Locale.ROOT,
                  "%d photos, similarity %.3f or more",
                  group.photos().size(),
                  group.similarity()))
          .append("</h2>\n<ol>\n");
      for (Photo photo : group.photos()) {
        sheet.add(photo, String.format(Locale.ROOT, "%,d bytes", photo.bytes()));
      }
      sheet.page.append("</ol>\n");
    }
    sheet.write(file);
  }

  private void add(Photo photo, String note) {
    String name = photo.name();
    String shortName = name.substring(name.lastIndexOf(File.separatorChar) + 1);
    PhotoState state = photo.state();
    page.append("<li><figure><a class=\"frame\" href=\"")
        .append(escaped(address(photo)))
        .append("\">");
    @Nullable String thumbnail = state == PhotoState.MISSING ? null : thumbnail(photo);
    if (thumbnail != null) {
      page.append("<img alt=\"")
          .append(escaped(shortName))
          .append("\" src=\"data:image/jpeg;base64,")
          .append(thumbnail)
          .append("\">");
    }
    page.append("</a><figcaption title=\"").append(escaped(name)).append("\">");
    if (state != PhotoState.PRESENT || thumbnail == null) {
      String mark =
          switch (state) {
            case MISSING -> "gone";
            case CHANGED -> "changed since it was indexed";
            case PRESENT -> "cannot be shown";
          };
      page.append("<span class=\"mark\">").append(mark).append("</span> ");
    }
    page.append(escaped(shortName))
        .append("<br>")
        .append(note)
        .append("<br>")
        .append(DAY.format(photo.date().atZone(ZoneId.systemDefault())))
        .append("</figcaption></figure></li>\n");
  }

  private static String address(Photo photo) {
    try {
      return photo.path().toUri().toString();
    } catch (InvalidPathException e) {
      return "#";
    }
  }

  /** A small JPEG in base64, or null if the photo cannot be read. */
  private @Nullable String thumbnail(Photo photo) {
    try {
      return Base64.getEncoder().encodeToString(Thumbnail.jpeg(decoder.decode(photo.path()), SIDE));
    } catch (IOException | RuntimeException | OutOfMemoryError e) {
      return null; // the sheet shows the others
    }
  }

  private static boolean isPage(Path file) throws IOException {
    try (InputStream bytes = Files.newInputStream(file)) {
      String start = new String(bytes.readNBytes(START.length()), StandardCharsets.US_ASCII);
      return start.equalsIgnoreCase(START);
    }
  }

  private void write(Path file) throws IOException {
    KIND.require(file);
    page.append("</body>\n</html>\n");
    OutputFile.write(file, page.toString());
  }

  private static String hash() {
    return Base64.getEncoder().encodeToString(Sha256.of(STYLE.getBytes(StandardCharsets.UTF_8)));
  }

  /** A text in HTML, in content and in quoted attributes, without control characters. */
  static String escaped(String text) {
    var html = new StringBuilder();
    text.codePoints()
        .forEach(
            c -> {
              switch (c) {
                case '&' -> html.append("&amp;");
                case '<' -> html.append("&lt;");
                case '>' -> html.append("&gt;");
                case '"' -> html.append("&quot;");
                case '\'' -> html.append("&#39;");
                default -> html.appendCodePoint(isShown(c) ? c : 0xfffd);
              }
            });
    return html.toString();
  }

  private static boolean isShown(int c) {
    boolean turning = (c >= 0x202a && c <= 0x202e) || (c >= 0x2066 && c <= 0x2069);
    return !Character.isISOControl(c) && Character.getType(c) != Character.SURROGATE && !turning;
  }
}
