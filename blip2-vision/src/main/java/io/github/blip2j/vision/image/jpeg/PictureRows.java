package io.github.blip2j.vision.image.jpeg;

import io.github.blip2j.vision.image.codec.ImageHeader;
import java.io.IOException;

/** The rows of a picture as they become ready: enlarged, converted and put into one array. */
final class PictureRows {
  private final Frame frame;
  private final JpegColors colors;
  private final SampleRows[] planes;
  private final Upsampler[] upsamplers;
  private final int channels; // of a pixel
  private final byte[] samples;
  private final int held; // rows that wait for those below
  private int done;

  private PictureRows(Frame frame, JpegColors colors, SampleRows[] planes) throws IOException {
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

  /** A picture whose rows are put as soon as they are decoded. */
  static PictureRows streamed(Frame frame, JpegColors colors) throws IOException {
    var planes = new SampleRows[frame.components().size()];
    int kept = Math.min(RowConversion.KEPT_MCU_ROWS, frame.mcuRows());
    for (Component component : frame.components()) {
      planes[component.index] = SampleRows.ofLast(component, frame.size().unit(), kept);
    }
    return new PictureRows(frame, colors, planes);
  }

  /** A picture whose rows are put once all are decoded. */
  static PictureRows whole(Frame frame, JpegColors colors) throws IOException {
    var planes = new SampleRows[frame.components().size()];
    for (Component component : frame.components()) {
      planes[component.index] = SampleRows.ofAll(component, frame.size().unit(), frame.mcuRows());
    }
    return new PictureRows(frame, colors, planes);
  }

  /** Where the samples of component {@code index} go. */
  SampleRows plane(int index) {
    return planes[index];
  }

  /** Puts the rows that are ready once row {@code mcuRow} of MCUs is decoded. */
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

  /** All rows, when they are done. */
  byte[] samples() {
    return samples;
  }
}
