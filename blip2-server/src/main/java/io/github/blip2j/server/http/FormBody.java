package io.github.blip2j.server.http;

import io.github.blip2j.server.api.ApiException;
import io.github.blip2j.server.api.Call;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.TreeMap;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import org.eclipse.jetty.http.HttpField;
import org.eclipse.jetty.http.MultiPart;
import org.eclipse.jetty.http.MultiPartFormData;
import org.eclipse.jetty.io.Content;
import org.eclipse.jetty.io.content.ByteBufferContentSource;
import org.eclipse.jetty.util.Promise;
import org.jspecify.annotations.Nullable;

/** A body that is there, as bytes or as a form. */
final class FormBody implements Call.Body {
  private static final int MOST_PARTS = 1100; // as many candidates as may be, and the settings
  private static final int MOST_HEADERS = 4096;

  private final byte[] bytes;
  private final @Nullable String contentType;

  FormBody(byte[] bytes, @Nullable String contentType) {
    this.bytes = bytes;
    this.contentType = contentType;
  }

  @Override
  public @Nullable String type() {
    return contentType == null ? null : contentType.toLowerCase(Locale.ROOT);
  }

  @Override
  public byte[] bytes() {
    return bytes;
  }

  @Override
  public List<Call.Part> parts() {
    String boundary = boundary();
    if (boundary == null || boundary.isEmpty()) {
      throw broken("no boundary");
    }
    var parser = new MultiPartFormData.Parser(boundary);
    parser.setMaxParts(MOST_PARTS);
    parser.setPartHeadersMaxLength(MOST_HEADERS);
    parser.setMaxMemoryFileSize(-1); // the body is in memory already
    parser.setMaxFileSize(-1);
    parser.setMaxLength(-1);
    parser.setUseFilesForPartsWithoutFileName(false);
    Content.Source source = new ByteBufferContentSource(ByteBuffer.wrap(bytes));
    try (MultiPartFormData.Parts parts = parsed(parser, source)) {
      List<Call.Part> read = new ArrayList<>();
      for (MultiPart.Part part : parts) {
        read.add(part(part));
      }
      return read;
    } catch (CompletionException e) {
      throw broken(String.valueOf(e.getCause() == null ? e : e.getCause().getMessage()));
    } catch (IOException e) {
      throw broken(String.valueOf(e.getMessage()));
    }
  }

  private @Nullable String boundary() {
    Map<String, String> parameters = new TreeMap<>(String.CASE_INSENSITIVE_ORDER);
    HttpField.getValueParameters(contentType, parameters);
    return parameters.get("boundary");
  }

  /** Parses a source whose bytes are all there, so that nothing is waited for. */
  private static MultiPartFormData.Parts parsed(
      MultiPartFormData.Parser parser, Content.Source source) {
    var parts = new CompletableFuture<MultiPartFormData.Parts>();
    parser.parse(
        source,
        new Promise.Invocable<MultiPartFormData.Parts>() {
          @Override
          public void succeeded(MultiPartFormData.Parts found) {
            parts.complete(found);
          }

          @Override
          public void failed(Throwable failure) {
            parts.completeExceptionally(failure);
          }

          @Override
          public InvocationType getInvocationType() {
            return InvocationType.NON_BLOCKING;
          }
        });
    return parts.join();
  }

  private static Call.Part part(MultiPart.Part part) throws IOException {
    String name = part.getName();
    if (name == null || name.isEmpty()) {
      throw broken("a part without a name; name it in its Content-Disposition");
    }
    ByteBuffer buffer = Content.Source.asByteBuffer(part.getContentSource());
    byte[] content = new byte[buffer.remaining()];
    buffer.get(content);
    return new Call.Part(name, part.getFileName() != null, new FormBody(content, null));
  }

  private static ApiException broken(String got) {
    return ApiException.request(400, "invalid_form", "body: a multipart form expected, got " + got);
  }
}
