package io.github.blip2j.examples.spring;

import io.github.blip2j.vision.image.UnreadableImageException;
import org.springframework.core.task.TaskRejectedException;
import org.springframework.http.HttpHeaders;
import org.springframework.http.HttpStatus;
import org.springframework.http.ProblemDetail;
import org.springframework.http.ResponseEntity;
import org.springframework.web.bind.annotation.ExceptionHandler;
import org.springframework.web.bind.annotation.RestControllerAdvice;

/** Errors as problem details (RFC 9457), with the library's messages. */
@RestControllerAdvice(assignableTypes = PictureController.class)
class PictureErrors {

  /**
   * A picture that cannot be read, or one of impossible proportions, or a blank question: what the
   * library throws for a caller's mistakes.
   */
  @ExceptionHandler({UnreadableImageException.class, IllegalArgumentException.class})
  ProblemDetail wrong(Exception e) {
    return ProblemDetail.forStatusAndDetail(HttpStatus.BAD_REQUEST, e.getMessage());
  }

  @ExceptionHandler
  ResponseEntity<ProblemDetail> busy(TaskRejectedException e) {
    var problem =
        ProblemDetail.forStatusAndDetail(
            HttpStatus.SERVICE_UNAVAILABLE, "queue: room expected, got none; try again");
    return ResponseEntity.of(problem).header(HttpHeaders.RETRY_AFTER, "1").build();
  }
}
