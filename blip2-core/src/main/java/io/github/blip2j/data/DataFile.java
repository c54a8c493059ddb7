package io.github.blip2j.data;

import io.github.blip2j.io.file.PathName;
import java.io.IOException;
import java.nio.charset.CharacterCodingException;
import java.nio.file.Files;
import java.nio.file.InvalidPathException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.TreeSet;
import org.jspecify.annotations.Nullable;

/**
 * A file of a data set as its publishers or LAVIS distribute it. The form is recognised by the
 * content, that of tables by the name:
 *
 * <ul>
 *   <li>JSON: a list of records, one record a line, or an object of records by id (GQA)
 *   <li>JSON with lists of images and captions (COCO, NoCaps), images with their captions
 *       (Karpathy's), or questions (VQAv2, OK-VQA), whose {@linkplain #withAnnotations answers} are
 *       in a file of their own
 *   <li>CSV and TSV with a header; Flickr30k's {@code .token}
 * </ul>
 *
 * <p>Keys are those of LAVIS, of Hugging Face's image folders, of A-OKVQA, GQA and Visual Genome;
 * others are ignored. A JSON null in place of an image or text is an error.
 */
public final class DataFile {
  private static final String TRAIN = "train";
  private static final String REST = "restval"; // Karpathy's: images of val2014 to train on too
  private static final int MOST_SPLITS = 8; // in a message

  private final Path file;
  private final @Nullable Path annotations;
  private final @Nullable String split;
  private final @Nullable ImageNames names;

  private DataFile(
      Path file, @Nullable Path annotations, @Nullable String split, @Nullable ImageNames names) {
    this.file = file;
    this.annotations = annotations;
    this.split = split;
    this.names = names;
  }

  /** A file, which is not opened yet. */
  public static DataFile of(Path file) {
    return new DataFile(file, null, null, null);
  }

  /**
   * A file as a user names it: {@code FILE}, {@code QUESTIONS+ANNOTATIONS}, and {@code @SPLIT}
   * behind either. A file that exists with exactly this name is meant first.
   *
   * @throws java.nio.file.InvalidPathException if no file can have the name
   */
  public static DataFile parse(String name) {
    if (exists(name)) {
      return of(PathName.typed(name));
    }
    int at = name.lastIndexOf('@');
    boolean chosen = at > 0 && at < name.length() - 1 && name.indexOf('/', at) < 0;
    String files = chosen ? name.substring(0, at) : name;
    @Nullable String split = chosen ? name.substring(at + 1) : null;
    int plus = exists(files) ? -1 : plus(files);
    Path file = PathName.typed(plus < 0 ? files : files.substring(0, plus));
    @Nullable Path answers = plus < 0 ? null : PathName.typed(files.substring(plus + 1));
    return new DataFile(file, answers, split, null);
  }

  /** The plus behind the name of a file, or else the first. */
  private static int plus(String files) {
    for (int plus = files.indexOf('+'); plus > 0; plus = files.indexOf('+', plus + 1)) {
      if (exists(files.substring(0, plus))) {
        return plus;
      }
    }
    return files.indexOf('+');
  }

  private static boolean exists(String name) {
    try {
      return Files.exists(PathName.typed(name));
    } catch (InvalidPathException e) { // no file system has such a name
      return false;
    }
  }

  /** This file of questions with the file of their answers, as VQAv2 and OK-VQA have them. */
  public DataFile withAnnotations(Path answers) {
    return new DataFile(file, answers, split, names);
  }

  /** This file with names for the images that it knows by number, instead of the usual ones. */
  public DataFile withImageNames(ImageNames newNames) {
    return new DataFile(file, annotations, split, newNames);
  }

  /**
   * This file without the records of other splits. {@code train} includes {@code restval}, as is
   * usual with Karpathy's split of COCO.
   */
  public DataFile withSplit(String chosen) {
    return new DataFile(file, annotations, chosen, names);
  }

  /** The path. */
  public Path path() {
    return file;
  }

  /** The part of the set that is read, or null for all. */
  public @Nullable String split() {
    return split;
  }

  /** The file, and that of the annotations if it is apart. */
  public List<Path> paths() {
    return annotations == null ? List.of(file) : List.of(file, annotations);
  }

  /** The name as {@link #parse} takes it. */
  @Override
  public String toString() {
    String files = annotations == null ? file.toString() : file + "+" + annotations;
    return split == null ? files : files + "@" + split;
  }

  /** Takes records one after the other. */
  @FunctionalInterface
  public interface Sink {
    /** Takes a record. */
    void accept(DataRecord each) throws IOException;
  }

  /**
   * The records in the file's order.
   *
   * @throws DataException naming file and place of what is no record, of ids that are there twice,
   *     or of questions without annotations; or if there are no records
   */
  public List<DataRecord> read() throws IOException {
    List<DataRecord> records = new ArrayList<>();
    var ids = new RecordIds();
    read(
        (each, from) -> {
          ids.add(each, from);
          records.add(each);
        });
    return List.copyOf(records);
  }

  /**
   * Reads record by record, without keeping them: for files that are larger than the memory. Ids
   * are not looked for twice. Only a table of images is kept, and annotations.
   *
   * @throws DataException as for {@link #read}, when the place is reached
   */
  public void forEach(Sink sink) throws IOException {
    read((each, from) -> sink.accept(each));
  }

  /**
   * The images with all their captions, in the file's order: what generated captions are compared
   * with. Images may lack captions, as in a test set, or a path, as in a file of captions alone; a
   * record's {@code id} is its image's, if it has no other.
   *
   * @throws DataException as for {@link #read}, or naming the splits of a file that has several
   */
  public List<DataRecord> readImages() throws IOException {
    boolean table = TableRecords.is(file);
    List<DataRecord> records =
        readPart(
            (each, from) -> {
              CaptionRecord.@Nullable Dialogue dialogue = each.dialogue();
              List<String> captions = each.captions();
              if (captions.isEmpty() && dialogue != null) {
                captions = List.of(dialogue.output());
              }
              if (table && captions.stream().allMatch(String::isBlank)) { // an empty cell
                captions = List.of();
              }
              return new DataRecord(each.image(), captions);
            });
    return DataRecord.byImage(records);
  }

  /**
   * The questions, each with its id, in the file's order. They may lack answers, as in a test set,
   * and their images a path. Annotations may be of more questions than those of the file.
   *
   * @throws DataException as for {@link #read}, naming what is no question or has no id, or the
   *     splits of a file that has several
   */
  public List<DataRecord> readQuestions() throws IOException {
    return readPart(
        (each, from) -> {
          @Nullable Question question = each.question();
          if (question == null) {
            throw from.lacks("question or text_input");
          }
          @Nullable String id = question.id() == null ? from.id("id") : question.id();
          if (id == null) {
            throw from.lacks("question_id or questionId");
          }
          return each.withQuestion(question.withId(id));
        });
  }

  /** Completes a record. */
  @FunctionalInterface
  private interface Completion {
    DataRecord of(DataRecord each, RecordObject from) throws DataException;
  }

  /** The records of one split, with gaps. */
  private List<DataRecord> readPart(Completion completion) throws IOException {
    List<DataRecord> records = new ArrayList<>();
    var ids = new RecordIds();
    var splits = new SplitCheck(file);
    read(
        new RecordParser(names, true),
        (each, from) -> {
          DataRecord complete = completion.of(each, from);
          ids.add(complete, from);
          splits.add(complete.image());
          records.add(complete);
        });
    splits.requireOne();
    return records;
  }

  void read(RecordSink sink) throws IOException {
    read(new RecordParser(names, false), sink);
  }

  private void read(RecordParser parser, RecordSink sink) throws IOException {
    requireFile(file, "records");
    @Nullable AnnotationFile answers =
        annotations == null ? null : AnnotationFile.read(annotations, parser);
    Map<String, Integer> others = new HashMap<>();
    int[] count = {0};
    try {
      all(
          parser,
          (each, from) -> {
            if (isChosen(each, others)) {
              count[0]++;
              sink.accept(answers == null ? each : answers.answered(each, from), from);
            }
          });
    } catch (CharacterCodingException e) {
      throw JsonText.notUtf8(file, e);
    }
    requireSome(count[0], others);
    if (answers != null && split == null && !parser.hasGaps()) {
      answers.requireAllUsed(file);
    }
  }

  private void all(RecordParser parser, RecordSink sink) throws IOException {
    ObjectFile.requireText(file);
    if (!TableRecords.is(file) && JsonRecords.form(file) == JsonRecords.Form.SECTIONS) {
      new SectionedFile(file, parser).read(sink);
      return;
    }
    ObjectFile.read(
        file,
        (key, each) -> {
          if (key != null && each.has("question") && RecordParser.questionId(each) == null) {
            each.json().addProperty("question_id", key);
          }
          parser.parse(each, sink);
        });
  }

  private boolean isChosen(DataRecord each, Map<String, Integer> others) {
    @Nullable String own = each.image().split();
    if (split == null || split.equals(own) || (split.equals(TRAIN) && REST.equals(own))) {
      return true;
    }
    others.merge(own == null ? "none" : RecordObject.plain(own), 1, Integer::sum);
    return false;
  }

  private void requireSome(int count, Map<String, Integer> others) throws DataException {
    if (count == 0 && !others.isEmpty()) {
      List<String> shown = new TreeSet<>(others.keySet()).stream().limit(MOST_SPLITS).toList();
      throw new DataException(
          String.format(
              Locale.ROOT,
              "%s: records of split %s expected, got none; choose one of %s",
              file,
              split,
              String.join(", ", shown)));
    }
    if (count == 0) {
      throw new DataException(file + ": records expected at least 1, got none");
    }
  }

  static void requireFile(Path path, String what) throws DataException {
    if (Files.isDirectory(path)) {
      throw new DataException(
          String.format(
              Locale.ROOT,
              "%s: %s expected, got a folder; name its files, shards as '%s/{000..123}.tar'",
              path,
              what,
              path));
    }
    if (!Files.isRegularFile(path)) {
      throw new DataException(path + ": " + what + " expected, got no file; check the path");
    }
  }
}
