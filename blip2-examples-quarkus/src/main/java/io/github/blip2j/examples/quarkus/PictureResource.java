package io.github.blip2j.examples.quarkus;

import io.github.blip2j.blip2.Blip2;
import io.github.blip2j.vision.image.Image;
import io.github.blip2j.vision.image.ImageDecoder;
import io.github.blip2j.vision.image.UnreadableImageException;
import jakarta.ws.rs.Consumes;
import jakarta.ws.rs.POST;
import jakarta.ws.rs.Path;
import jakarta.ws.rs.core.HttpHeaders;
import jakarta.ws.rs.core.MediaType;
import java.io.IOException;
import java.nio.file.Files;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.RejectedExecutionException;
import org.eclipse.microprofile.config.inject.ConfigProperty;
import org.jboss.resteasy.reactive.RestForm;
import org.jboss.resteasy.reactive.RestResponse;
import org.jboss.resteasy.reactive.RestResponse.ResponseBuilder;
import org.jboss.resteasy.reactive.RestResponse.Status;
import org.jboss.resteasy.reactive.multipart.FileUpload;
import org.jboss.resteasy.reactive.server.ServerExceptionMapper;
import org.jspecify.annotations.Nullable;

/**
 * Captions and answers. Methods hand their work to the model's thread and return at once, so they
 * may run on the event loop, which must not wait. Quarkus serves public methods alone.
 */
@Path("/")
@Consumes(MediaType.MULTIPART_FORM_DATA)
public class PictureResource {
  private static final String PROBLEM = "application/problem+json";

  private final Blip2 blip2;
  private final ModelThread modelThread;
  private final ImageDecoder decoder;

  PictureResource(
      Blip2 blip2,
      ModelThread modelThread,
      @ConfigProperty(name = "pictures.max-pixels") long maxPixels) {
    this.blip2 = blip2;
    this.modelThread = modelThread;
    this.decoder = new ImageDecoder().withMaxPixels(maxPixels);
  }

  /** What is in a picture. */
  public record Caption(String caption) {}

  /** What the model says to a question. */
  public record Answer(String answer) {}

  /** An error (RFC 9457). */
  public record Problem(int status, String title, @Nullable String detail) {}

  @POST
  @Path("/caption")
  public CompletionStage<Caption> caption(@RestForm("image") @Nullable FileUpload image) {
    FileUpload upload = required("image", image);
    return modelThread.submit(() -> new Caption(blip2.caption(decoded(upload))));
  }

  @POST
  @Path("/ask")
  public CompletionStage<Answer> ask(
      @RestForm("image") @Nullable FileUpload image, @RestForm @Nullable String question) {
    FileUpload upload = required("image", image);
    String asked = required("question", question);
    return modelThread.submit(() -> new Answer(blip2.answer(decoded(upload), asked)));
  }

  /**
   * A picture that cannot be read, or one of impossible proportions, or a blank question: what the
   * library throws for a caller's mistakes.
   */
  @ServerExceptionMapper({UnreadableImageException.class, IllegalArgumentException.class})
  RestResponse<Problem> wrong(Exception e) {
    return problem(Status.BAD_REQUEST, e.getMessage()).build();
  }

  @ServerExceptionMapper
  RestResponse<Problem> busy(RejectedExecutionException e) {
    return problem(Status.SERVICE_UNAVAILABLE, "queue: room expected, got none; try again")
        .header(HttpHeaders.RETRY_AFTER, "1")
        .build();
  }

  /** On the model's thread: decoding takes a core and three bytes for each pixel. */
  private Image decoded(FileUpload image) throws IOException {
    // By bytes, because messages name what was read, and the path of an upload is nobody's
    // business.
    return decoder.decode(Files.readAllBytes(image.uploadedFile()), "image");
  }

  private static ResponseBuilder<Problem> problem(Status status, @Nullable String detail) {
    var problem = new Problem(status.getStatusCode(), status.getReasonPhrase(), detail);
    return ResponseBuilder.create(status, problem).type(PROBLEM);
  }

  /** Parts that are missing are null to Quarkus. */
  private static <T> T required(String name, @Nullable T part) {
    if (part == null) {
      throw new IllegalArgumentException(name + ": a part of the form expected, got none");
    }
    return part;
  }
}
