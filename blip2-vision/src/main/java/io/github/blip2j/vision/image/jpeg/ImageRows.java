package io.github.blip2j.vision.image.jpeg;

import io.github.blip2j.vision.image.codec.ImageHeader;
import java.io.IOException;

/** The rows of an image as they are completed: upsampled, converted and written to one array. */
final class ImageRows {
  private final Frame frame;
  private final JpegColors colors;
  private final SampleRows[] planes;
  private final Upsampler[] upsamplers;
  private final int channels; // of a pixel
  private final byte[] samples;
  private final int held; // rows that wait for those below
  private int done;

  private ImageRows(Frame frame, JpegColors colors, SampleRows[] planes) throws IOException {
    this.frame = frame;
    this.colors = colors;
    this.planes = planes;
    upsamplers = new Upsampler[planes.length];
    boolean needNext = false;
    for (Component component : frame.components()) {
      int c = component.index;
      upsamplers[c] = Upsampler.of(component, frame.size(), planes[c]);
      needNext |= upsamplers[c].needsNext();
    }
    held = needNext ? frame.size().vertical() : 0;
    channels = colors.channels(planes.length);
    var header = ImageHeader.upright(frame.size().width(), frame.size().height());
    if (channels == ImageHeader.CHANNELS) {
      samples = header.newSamples();
    } else if (header.pixels() <= (Integer.MAX_VALUE - 8) / channels) {
      samples = new byte[(int) header.pixels() * channels];
    } else {
      throw new IOException("more samples than one array holds");
    }
  }

  /** An image whose rows are written as soon as they are decoded. */
  static ImageRows streamed(Frame frame, JpegColors colors) throws IOException {
    var planes = new SampleRows[frame.components().size()];
    int kept = Math.min(RowConversion.KEPT_MCU_ROWS, frame.mcuRows());
    for (Component component : frame.components()) {
      planes[component.index] = SampleRows.ofLast(component, frame.size().unit(), kept);
    }
    return new ImageRows(frame, colors, planes);
  }

  /** An image whose rows are written after all are decoded. */
  static ImageRows whole(Frame frame, JpegColors colors) throws IOException {
    var planes = new SampleRows[frame.components().size()];
    for (Component component : frame.components()) {
      planes[component.index] = SampleRows.ofAll(component, frame.size().unit(), frame.mcuRows());
    }
    return new ImageRows(frame, colors, planes);
  }

  /** The samples of component {@code index}. */
  SampleRows plane(int index) {
    return planes[index];
  }

  /** Writes the rows that are complete after row {@code mcuRow} of MCUs. */
  void put(int mcuRow) {
    int width = frame.size().width();
    int ready = (mcuRow + 1) * frame.size().unit() * frame.size().vertical() - held;
    if (mcuRow == frame.mcuRows() - 1) {
      ready = frame.size().height();
    }
    for (; done < ready; done++) {
      for (Upsampler upsampler : upsamplers) {
        upsampler.read(done);
      }
      colors.convert(upsamplers, width, samples, done * width * channels);
    }
  }

  /** All rows, once they are complete. */
  byte[] samples() {
    return samples;
  }
}
