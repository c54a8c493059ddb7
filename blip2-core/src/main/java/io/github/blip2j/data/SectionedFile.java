package io.github.blip2j.data;

import com.google.gson.stream.JsonReader;
import com.google.gson.stream.JsonToken;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * Reads an object with lists of its own:
 *
 * <pre>
 * images, annotations      COCO and NoCaps: captions, with the id of their image
 * images alone             test sets of COCO and NoCaps; Karpathy's files, with the captions inside
 * questions                VQAv2 and OK-VQA, whose answers are in a file of their own
 * </pre>
 *
 * <p>The file is read twice, since a list may come before what it refers to. Only the table of
 * images is kept.
 */
final class SectionedFile {
  private static final String IMAGES = "images";
  private static final String ANNOTATIONS = "annotations";
  private static final String QUESTIONS = "questions";

  private final Path file;
  private final RecordParser parser;
  private final Map<String, ImageReference> images = new HashMap<>();
  private @Nullable String type;
  private @Nullable String subtype;
  private boolean listed;
  private boolean annotated;
  private boolean asked;

  SectionedFile(Path file, RecordParser parser) {
    this.file = file;
    this.parser = parser;
  }

  /** Takes an object of a list. */
  @FunctionalInterface
  interface Member {
    void take(RecordObject each) throws IOException;
  }

  /**
   * Reads all records. If they may have gaps, the images come first, each without its captions, so
   * that their order is the file's and none is lost.
   */
  void read(RecordSink sink) throws IOException {
    survey();
    if (asked) {
      each(QUESTIONS, from -> sink.accept(question(from), from));
    } else if (annotated) {
      each(IMAGES, from -> index(from, sink));
      each(ANNOTATIONS, from -> sink.accept(caption(from), from));
    } else {
      each(IMAGES, from -> sink.accept(image(from), from));
    }
  }

  /** Reads the objects of the annotations. */
  void annotations(Member member) throws IOException {
    each(ANNOTATIONS, member);
  }

  /** Finds out which lists there are, and what the file says of all its members. */
  private void survey() throws IOException {
    try (JsonText text = JsonText.open(file)) {
      text.step("the object", JsonReader::beginObject);
      while (text.hasNext("the object")) {
        text.step("the object", this::survey);
      }
    }
  }

  private void survey(JsonReader json) throws IOException {
    String key = json.nextName();
    if (json.peek() == JsonToken.STRING && key.equals("data_type")) {
      type = json.nextString();
    } else if (json.peek() == JsonToken.STRING && key.equals("data_subtype")) {
      subtype = json.nextString();
    } else {
      boolean list = json.peek() == JsonToken.BEGIN_ARRAY;
      listed |= list && key.equals(IMAGES);
      asked |= list && key.equals(QUESTIONS);
      annotated |= list && key.equals(ANNOTATIONS);
      json.skipValue();
    }
  }

  /** Reads the members of a list, wherever it is in the object. */
  private void each(String section, Member member) throws IOException {
    try (JsonText text = JsonText.open(file)) {
      text.step("the object", JsonReader::beginObject);
      while (text.hasNext("the object")) {
        String key = text.read("the object", JsonReader::nextName);
        if (!key.equals(section)) {
          text.step(key, JsonReader::skipValue);
        } else {
          text.step(section, JsonReader::beginArray);
          for (int number = 1; text.hasNext(section); number++) {
            String where = section.substring(0, section.length() - 1) + " " + number;
            member.take(text.object(where));
          }
          text.step(section, JsonReader::endArray);
        }
      }
      text.step("the object", JsonReader::endObject);
      text.requireEnd("the object");
    }
  }

  private void index(RecordObject from, RecordSink sink) throws IOException {
    ImageReference image = reference(from);
    if (images.put(from.requiredId("id"), image) != null) {
      throw from.error("id expected once, got " + from.id("id") + " again; remove one of them");
    }
    if (parser.hasGaps()) {
      sink.accept(new DataRecord(image, List.of()), from);
    }
  }

  /** The image of COCO's and NoCaps' tables. */
  private ImageReference reference(RecordObject from) throws DataException {
    @Nullable String domain = from.word("domain");
    if (parser.hasGaps() && !from.has("file_name")) {
      return new ImageReference(List.of(), from.requiredId("id"), domain, null);
    }
    String name = from.requiredString("file_name");
    List<String> paths = new ArrayList<>(List.of(name));
    @Nullable String address = from.word("coco_url");
    if (address != null && !name.contains("/")) { // .../val2017/000000000139.jpg
      String[] parts = address.split("/", -1);
      if (parts.length > 1 && !parts[parts.length - 2].isEmpty()) {
        paths.add(parts[parts.length - 2] + "/" + name);
      }
    }
    return new ImageReference(paths, from.requiredId("id"), domain, null);
  }

  private DataRecord caption(RecordObject from) throws DataException {
    if (!from.has("caption")) {
      boolean answers = from.has("question_id") && from.has("answers");
      throw from.error(
          "key expected caption, got "
              + from.shownKeys()
              + (answers
                  ? "; name the questions, and these annotations behind them: QUESTIONS+ANNOTATIONS"
                  : "; take the set's file of captions"));
    }
    String id = from.requiredId("image_id");
    @Nullable ImageReference image = images.get(id);
    if (image == null && !listed && parser.hasGaps()) {
      image = new ImageReference(List.of(), id, null, null); // only compared with
    }
    if (image == null) {
      throw from.error(
          String.format(
              Locale.ROOT,
              "image_id expected one of the file's %d images, got %s; take captions and images of"
                  + " the same set",
              images.size(),
              RecordObject.plain(id)));
    }
    return new DataRecord(image, List.of(from.requiredString("caption")));
  }

  /** An image alone, or one with captions as in Karpathy's files. */
  private DataRecord image(RecordObject from) throws DataException {
    if (!from.has("sentences")) {
      return new DataRecord(reference(from), List.of());
    }
    List<String> captions = new ArrayList<>();
    for (RecordObject each : from.objects("sentences")) {
      captions.add(each.requiredString("raw"));
    }
    String name = from.requiredString("filename");
    @Nullable String folder = from.word("filepath");
    List<String> paths = folder == null ? List.of(name) : List.of(folder + "/" + name, name);
    @Nullable String id = from.id("cocoid");
    var image =
        new ImageReference(paths, id == null ? from.id("imgid") : id, null, from.word("split"));
    return new DataRecord(image, captions);
  }

  private DataRecord question(RecordObject from) throws DataException {
    String id = from.requiredId("image_id");
    return new DataRecord(
        new ImageReference(paths(from, id), id, null, null),
        List.of(),
        parser.question(from),
        null);
  }

  /** Where the image of a question may be. */
  private List<String> paths(RecordObject from, String id) throws DataException {
    @Nullable ImageNames names = parser.names();
    if (names != null) {
      return List.of(names.of(id));
    }
    boolean ofCoco = "mscoco".equals(type) || (type == null && parser.hasGaps());
    if (ofCoco && subtype != null) {
      // The images of test-dev2015 are among those of test2015.
      String folder = subtype.replace("-dev", "");
      String name = "COCO_" + folder + "_" + RecordParser.padded(from, id) + ".jpg";
      return List.of(folder + "/" + name, name);
    }
    if (parser.hasGaps()) {
      return List.of(id + ".jpg");
    }
    throw new DataException(
        String.format(
            Locale.ROOT,
            "%s: data_type expected mscoco, and a data_subtype, got %s and %s; write each question"
                + " as a record with its image",
            file,
            type == null ? "none" : RecordObject.plain(type),
            subtype == null ? "none" : RecordObject.plain(subtype)));
  }
}
