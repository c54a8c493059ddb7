package io.github.blip2j.vision.image.codec;

import java.awt.color.CMMException;
import java.awt.image.BufferedImage;
import java.awt.image.RasterFormatException;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.util.Arrays;
import java.util.Iterator;
import java.util.Locale;
import javax.imageio.ImageReader;
import javax.imageio.spi.IIORegistry;
import javax.imageio.spi.ImageReaderSpi;
import javax.imageio.stream.MemoryCacheImageInputStream;

/**
 * The decoders that come with Java, chosen by the module they live in: whatever plug-ins an
 * application puts on its class path, the pixels stay the same.
 */
final class JdkDecoder {
  private JdkDecoder() {}

  /** The first picture of the file. */
  static BufferedImage image(String format, byte[] file) throws IOException {
    ImageReader reader = provider(format).createReaderInstance();
    // A memory stream, because the usual one would write each picture to the disk.
    try (var stream = new MemoryCacheImageInputStream(new ByteArrayInputStream(file))) {
      reader.setInput(stream, false, true);
      return reader.read(0);
    } catch (IllegalArgumentException
        | IllegalStateException
        | IndexOutOfBoundsException
        | NegativeArraySizeException
        | NullPointerException
        | ArithmeticException
        | CMMException
        | RasterFormatException e) {
      // The JDK's readers check little: damaged files surface as whatever they trip over. Only the
      // call into a reader is guarded, so a mistake of our own still shows as one.
      throw new IOException(e.getClass().getSimpleName() + " in the decoder", e);
    } finally {
      reader.dispose();
    }
  }

  private static ImageReaderSpi provider(String format) {
    Iterator<ImageReaderSpi> providers =
        IIORegistry.getDefaultInstance().getServiceProviders(ImageReaderSpi.class, true);
    while (providers.hasNext()) {
      ImageReaderSpi provider = providers.next();
      if ("java.desktop".equals(provider.getClass().getModule().getName())
          && Arrays.asList(provider.getFormatNames()).contains(format)) {
        return provider;
      }
    }
    throw new IllegalStateException(
        "image: the module java.desktop expected to read %s, got no such reader; use a full Java"
                .formatted(format.toUpperCase(Locale.ROOT))
            + " runtime");
  }
}
