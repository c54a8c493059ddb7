package io.github.blip2j.server.http;

/** What a connection is at. The first that is named gives way first when there are too many. */
enum Stage {
  /** A request's header is on its way, or that of the first is waited for. */
  HEADER,
  /** The rest of a request that was refused is read and dropped. */
  REST,
  /** Between two requests. */
  IDLE,
  /** The answer is on its way, and all of it is there. */
  ANSWER,
  /** A request's body is on its way. */
  BODY,
  /** A request is worked on. */
  WORK,
  /** It was ended, because it took too long, or others need its place. */
  CUT
}
