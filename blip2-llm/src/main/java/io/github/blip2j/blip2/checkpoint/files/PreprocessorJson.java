package io.github.blip2j.blip2.checkpoint.files;

import java.util.Locale;

/** The {@code preprocessor_config.json} of released BLIP-2 and InstructBLIP checkpoints. */
public final class PreprocessorJson {
  private PreprocessorJson() {}

  /** The file for images of this side and a processor class of transformers. */
  public static String of(int side, String processor) {
    return String.format(
        Locale.ROOT,
        """
        {
          "do_convert_rgb": true,
          "do_normalize": true,
          "do_rescale": true,
          "do_resize": true,
          "image_mean": [0.48145466, 0.4578275, 0.40821073],
          "image_processor_type": "BlipImageProcessor",
          "image_std": [0.26862954, 0.26130258, 0.27577711],
          "processor_class": "%s",
          "resample": 3,
          "rescale_factor": 0.00392156862745098,
          "size": {"height": %d, "width": %d}
        }
        """,
        processor,
        side,
        side);
  }
}
