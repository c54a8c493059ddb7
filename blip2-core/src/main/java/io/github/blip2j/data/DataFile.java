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

  private DataFile(Path file, @Nullable Path annotations, @Nullable String split) {
    this.file = file;
    this.annotations = annotations;
    this.split = split;
  }

  /** A file, which is not opened yet. */
  public static DataFile of(Path file) {
    return new DataFile(file, null, null);
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
    return new DataFile(file, plus < 0 ? null : PathName.typed(files.substring(plus + 1)), split);
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
    return new DataFile(file, answers, split);
  }

  /**
   * This file without the records of other splits. {@code train} includes {@code restval}, as is
   * usual with Karpathy's split of COCO.
   */
  public DataFile withSplit(String chosen) {
    return new DataFile(file, annotations, chosen);
  }

  /** The path. */
  public Path path() {
    return file;
  }

  /** The file, and that of the annotations if it is apart. */
  public List<Path> paths() {
    return annotations == null ? List.of(file) : List.of(file, annotations);
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

  void read(RecordSink sink) throws IOException {
    requireFile(file, "records");
    Map<String, Annotation> answers = answers();
    Map<String, Integer> others = new HashMap<>();
    int[] count = {0};
    try {
      all(
          (each, from) -> {
            if (isChosen(each, others)) {
              count[0]++;
              sink.accept(answered(each, from, answers), from);
            }
          });
    } catch (CharacterCodingException e) {
      throw new DataException(file + ": text expected UTF-8, got other bytes", e);
    }
    requireSome(count[0], others);
    requireAllUsed(answers);
  }

  private void all(RecordSink sink) throws IOException {
    String name = file.toString().toLowerCase(Locale.ROOT);
    if (name.endsWith(".parquet")) {
      throw new DataException(
          file
              + ": records expected as JSON, CSV or TSV, got a Parquet table; write each row as"
              + " {\"image\": ..., \"caption\": ...} on a line of its own");
    }
    if (TableRecords.is(file)) {
      new TableRecords(file).read(sink);
    } else {
      new JsonRecords(file).read(sink);
    }
  }

  private boolean isChosen(DataRecord each, Map<String, Integer> others) {
    @Nullable String own = each.image().split();
    if (split == null || split.equals(own) || (split.equals(TRAIN) && REST.equals(own))) {
      return true;
    }
    others.merge(own == null ? "none" : RecordObject.plain(own), 1, Integer::sum);
    return false;
  }

  /** The answers to a question, and the id of its image. */
  private record Annotation(@Nullable String image, List<Answer> answers) {}

  private Map<String, Annotation> answers() throws IOException {
    Map<String, Annotation> answers = new HashMap<>();
    if (annotations != null) {
      requireFile(annotations, "annotations");
      Path from = annotations;
      try {
        new SectionedFile(from, new RecordParser())
            .readAnswers(
                (question, image, given) -> {
                  if (answers.put(question, new Annotation(image, given)) != null) {
                    throw new DataException(
                        String.format(
                            Locale.ROOT,
                            "%s: question_id expected once, got %s again; remove one of them",
                            from,
                            RecordObject.plain(question)));
                  }
                });
      } catch (CharacterCodingException e) {
        throw new DataException(from + ": text expected UTF-8, got other bytes", e);
      }
    }
    return answers;
  }

  private DataRecord answered(DataRecord each, RecordObject from, Map<String, Annotation> answers)
      throws DataException {
    if (annotations == null) {
      return each;
    }
    @Nullable Question question = each.question();
    @Nullable String id = question == null ? null : question.id();
    if (question == null || id == null) {
      throw from.error(
          "question with a question_id expected, for the answers of "
              + annotations
              + ", got "
              + from.shownKeys());
    }
    @Nullable Annotation own = answers.remove(id);
    if (own == null) {
      throw from.error(
          String.format(
              Locale.ROOT,
              "answers to question %s expected in %s, got none; name the annotations of the same"
                  + " questions",
              RecordObject.plain(id),
              annotations));
    }
    if (own.image != null && each.image().id() != null && !own.image.equals(each.image().id())) {
      throw from.error(
          String.format(
              Locale.ROOT,
              "image of question %s expected %s as in %s, got %s; name the annotations of the same"
                  + " questions",
              RecordObject.plain(id),
              RecordObject.plain(own.image),
              annotations,
              RecordObject.plain(String.valueOf(each.image().id()))));
    }
    return new DataRecord(
        each.image(), each.captions(), question.withAnswers(own.answers), each.dialogue());
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

  private void requireAllUsed(Map<String, Annotation> answers) throws DataException {
    if (!answers.isEmpty() && split == null) {
      throw new DataException(
          String.format(
              Locale.ROOT,
              "%s: questions expected in %s for all annotations, got none for %d, such as %s; name"
                  + " the questions of the same annotations",
              annotations,
              file,
              answers.size(),
              RecordObject.plain(answers.keySet().iterator().next())));
    }
  }

  private static void requireFile(Path path, String what) throws DataException {
    if (!Files.isRegularFile(path)) {
      throw new DataException(path + ": " + what + " expected, got no file; check the path");
    }
  }
}
