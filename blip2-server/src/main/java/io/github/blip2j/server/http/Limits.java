package io.github.blip2j.server.http;

import java.time.Duration;

/**
 * Limits for requests.
 *
 * @param bodyBytes the most bytes of a body
 * @param imageBytes the most bytes of an image
 * @param heldBytes the most bytes of all bodies together
 * @param headerBytes the most bytes of a request's header
 * @param connections beyond which slow ones are cut off for new ones
 * @param idle how long a connection may be silent
 * @param header how long a request's header may take
 * @param request how long a request may take, its body included; its answer may take as long again
 *     to be read
 * @param linger how long the rest of a refused request is read, so that its client comes to read
 *     the answer
 * @param slowest the fewest bytes a second of a body
 * @param ping the time between two signs of life on a stream without events
 */
public record Limits(
    long bodyBytes,
    long imageBytes,
    long heldBytes,
    int headerBytes,
    int connections,
    Duration idle,
    Duration header,
    Duration request,
    Duration linger,
    int slowest,
    Duration ping) {
  private static final int HEADER_BYTES = 8192;
  private static final int SLOWEST = 1000;
  private static final int BODIES = 16;

  /**
   * The usual limits.
   *
   * @param imageBytes the most bytes of an image, which base64 makes a third longer
   */
  public static Limits usual(long imageBytes, int connections, Duration request, Duration ping) {
    long body = imageBytes / 3 * 4 + (1 << 20);
    return new Limits(
        body,
        imageBytes,
        BODIES * body,
        HEADER_BYTES,
        connections,
        Duration.ofSeconds(30),
        Duration.ofSeconds(10),
        request,
        Duration.ofSeconds(5),
        SLOWEST,
        ping);
  }

  /** With this time for a request's header. */
  public Limits withHeader(Duration time) {
    return new Limits(
        bodyBytes,
        imageBytes,
        heldBytes,
        headerBytes,
        connections,
        idle,
        time,
        request,
        linger,
        slowest,
        ping);
  }
}
