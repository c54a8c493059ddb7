package io.github.blip2j.data;

import com.google.gson.JsonObject;
import java.io.IOException;
import java.io.StringReader;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * An image with what a data set says about it: captions, a question with answers, or the input and
 * output of a language model. A test set has none of them, or a question alone.
 *
 * @param image the image
 * @param captions texts about the image; may be none
 * @param question a question about it, or null
 * @param dialogue input and output text of a language model, or null
 */
public record DataRecord(
    ImageReference image,
    List<String> captions,
    @Nullable Question question,
    CaptionRecord.@Nullable Dialogue dialogue) {

  /** Copies the captions. */
  public DataRecord {
    captions = List.copyOf(captions);
  }

  /** An image with captions only. */
  public DataRecord(ImageReference image, List<String> captions) {
    this(image, captions, null, null);
  }

  /**
   * The record of a JSON object with the keys of {@link DataFile}, for an image that is named
   * elsewhere: the member of a shard, for example.
   *
   * @param file name of the file in messages
   * @param where the object's place in it
   * @param json one object
   * @param image the image; the object's {@code image_id} is its id, if it has one
   * @throws DataException naming file and place, if the text is no such object
   */
  public static DataRecord fromJson(String file, String where, String json, ImageReference image)
      throws IOException {
    try (var text = new JsonText(file, new StringReader(json))) {
      RecordObject object = text.object(where);
      text.requireEnd(where);
      // img2dataset writes null for what it does not know.
      object.json().entrySet().removeIf(each -> each.getValue().isJsonNull());
      @Nullable String id = RecordParser.imageId(object);
      return RecordParser.strict().record(object, id == null ? image : image.withId(id));
    }
  }

  /**
   * The record that one trains on.
   *
   * @param file name of the file in messages
   * @param where the record's place in it
   * @throws DataException if it has no text, or its question no answers
   */
  public CaptionRecord forTraining(String file, String where) throws DataException {
    return CaptionFile.record(this, new RecordObject(file, where, new JsonObject()), null);
  }

  /** This record with another image. */
  public DataRecord withImage(ImageReference newImage) {
    return new DataRecord(newImage, captions, question, dialogue);
  }

  /** This record with another question. */
  public DataRecord withQuestion(Question newQuestion) {
    return new DataRecord(image, captions, newQuestion, dialogue);
  }

  /**
   * The records with all captions of an image in one, in the order of the images: what metrics of
   * captions compare with. Images are the same if they have the same path and id. Records with a
   * question or dialogue stay as they are.
   */
  public static List<DataRecord> byImage(List<DataRecord> records) {
    Map<Object, DataRecord> gathered = new LinkedHashMap<>();
    for (DataRecord each : records) {
      boolean alone = each.question != null || each.dialogue != null;
      gathered.merge(alone ? new Object() : each.image, each, DataRecord::joined);
    }
    return List.copyOf(gathered.values());
  }

  private DataRecord joined(DataRecord other) {
    List<String> all = new ArrayList<>(captions);
    all.addAll(other.captions);
    return new DataRecord(image, all, question, dialogue);
  }
}
