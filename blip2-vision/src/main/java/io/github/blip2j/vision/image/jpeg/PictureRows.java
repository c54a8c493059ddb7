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

  PictureRows(Frame frame, JpegColors colors) throws IOException {
    this.frame = frame;
    this.colors = colors;
    int count = frame.components().size();
    planes = new SampleRows[count];
    upsamplers = new Upsampler[count];
    boolean needNext = false;
    for (Component component : frame.components()) {
      int c = component.index;
      planes[c] = new SampleRows(component);
      upsamplers[c] = Upsampler.of(component, frame.size(), planes[c]);
      needNext |= upsamplers[c].needsNext();
    }
    held = needNext ? frame.size().vertical() : 0;
    channels = colors.channels(count);
    var header = ImageHeader.upright(frame.size().width(), frame.size().height());
    if (channels == ImageHeader.CHANNELS) {
      samples = header.newSamples();
    } else if (header.pixels() <= (Integer.MAX_VALUE - 8) / channels) {
      samples = new byte[(int) header.pixels() * channels];
    } else {
      throw new IOException("more samples than one array holds");
    }
  }

  /** Where the samples of component {@code index} go. */
  SampleRows plane(int index) {
    return planes[index];
  }

  /** Puts the rows that are ready once row {@code mcuRow} of MCUs is decoded. */
  void put(int mcuRow) {
    int width = frame.size().width();
    int ready = (mcuRow + 1) * 8 * frame.size().vertical() - held;
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
