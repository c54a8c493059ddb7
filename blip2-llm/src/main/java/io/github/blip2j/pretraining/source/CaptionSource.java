package io.github.blip2j.pretraining.source;

import io.github.blip2j.data.CaptionRecord;
import io.github.blip2j.data.loading.SampleSet;
import io.github.blip2j.pretraining.features.ImageList;
import io.github.blip2j.vision.image.Image;
import io.github.blip2j.vision.image.ImageProcessor;
import java.io.IOException;
import java.util.List;

/** Images with texts, in a place of their own. */
public interface CaptionSource extends SampleSet {
  /** The records that are in memory, by number; none if they are read with their images. */
  List<CaptionRecord> listed();

  /** Whether every record has an image id. */
  boolean hasImageIds();

  /** The number of records that were left out because something is missing. */
  int missing();

  /** The images; that of a record is listed under its {@link #name}. */
  ImageList images();

  /** The name of a record in reports of damage, whatever is damaged, and of its stored features. */
  String name(int index);

  /** Opens a record, without its image. */
  Opened open(int index) throws IOException;

  /** A record that has been read. */
  interface Opened {
    /** The record; its image is a name for messages. */
    CaptionRecord record();

    /**
     * Decodes the image.
     *
     * @throws io.github.blip2j.vision.image.UnreadableImageException if it is damaged
     */
    Image image(ImageProcessor processor) throws IOException;
  }
}
