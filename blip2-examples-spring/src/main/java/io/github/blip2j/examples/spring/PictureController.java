package io.github.blip2j.examples.spring;

import io.github.blip2j.blip2.Blip2;
import io.github.blip2j.vision.image.Image;
import io.github.blip2j.vision.image.ImageDecoder;
import java.io.IOException;
import java.util.concurrent.CompletableFuture;
import org.springframework.beans.factory.annotation.Qualifier;
import org.springframework.beans.factory.annotation.Value;
import org.springframework.core.task.AsyncTaskExecutor;
import org.springframework.http.MediaType;
import org.springframework.web.bind.annotation.PostMapping;
import org.springframework.web.bind.annotation.RequestParam;
import org.springframework.web.bind.annotation.RestController;
import org.springframework.web.multipart.MultipartFile;

/** Captions and answers. Requests wait for the model without a thread of the server. */
@RestController
class PictureController {
  private final Blip2 blip2;
  private final AsyncTaskExecutor modelThread;
  private final ImageDecoder decoder;

  PictureController(
      Blip2 blip2,
      @Qualifier("modelThread") AsyncTaskExecutor modelThread,
      @Value("${pictures.max-pixels}") long maxPixels) {
    this.blip2 = blip2;
    this.modelThread = modelThread;
    this.decoder = new ImageDecoder().withMaxPixels(maxPixels);
  }

  /** What is in a picture. */
  record Caption(String caption) {}

  /** What the model says to a question. */
  record Answer(String answer) {}

  @PostMapping(path = "/caption", consumes = MediaType.MULTIPART_FORM_DATA_VALUE)
  CompletableFuture<Caption> caption(@RequestParam("image") MultipartFile image) {
    return modelThread.submitCompletable(() -> new Caption(blip2.caption(decoded(image))));
  }

  @PostMapping(path = "/ask", consumes = MediaType.MULTIPART_FORM_DATA_VALUE)
  CompletableFuture<Answer> ask(
      @RequestParam("image") MultipartFile image, @RequestParam("question") String question) {
    return modelThread.submitCompletable(() -> new Answer(blip2.answer(decoded(image), question)));
  }

  /** On the model's thread: decoding takes a core and three bytes for each pixel. */
  private Image decoded(MultipartFile image) throws IOException {
    return decoder.decode(image.getBytes(), "image");
  }
}
