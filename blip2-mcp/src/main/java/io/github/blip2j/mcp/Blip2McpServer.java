package io.github.blip2j.mcp;

import com.google.gson.JsonElement;
import com.google.gson.JsonObject;
import io.github.blip2j.backend.MemoryShortageException;
import io.modelcontextprotocol.json.McpJsonDefaults;
import io.modelcontextprotocol.json.McpJsonMapper;
import io.modelcontextprotocol.json.schema.JsonSchemaValidator;
import io.modelcontextprotocol.server.McpServer;
import io.modelcontextprotocol.server.McpSyncServer;
import io.modelcontextprotocol.server.transport.StdioServerTransportProvider;
import io.modelcontextprotocol.spec.McpSchema.CallToolRequest;
import io.modelcontextprotocol.spec.McpSchema.CallToolResult;
import io.modelcontextprotocol.spec.McpSchema.ServerCapabilities;
import io.modelcontextprotocol.spec.McpSchema.Tool;
import io.modelcontextprotocol.spec.McpSchema.ToolAnnotations;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.util.List;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Tools for assistants by the Model Context Protocol, over a pair of streams.
 *
 * <pre>{@code
 * var options = McpOptions.below(List.of(photos)).withModel(Blip2::bundled);
 * try (var server = Blip2McpServer.start(options, System.in, System.out)) {
 *   server.awaitEnd();
 * }
 * }</pre>
 *
 * <p>Nothing else may write to the output. Calls run one after the other. What a call gets wrong is
 * a result with {@code isError} and a message for the assistant; faults are logged.
 */
public final class Blip2McpServer implements AutoCloseable {
  private static final Logger LOG = LoggerFactory.getLogger(Blip2McpServer.class);

  /** Arguments are checked by the tools, and there are no schemas of outputs. */
  private static final JsonSchemaValidator NO_VALIDATOR =
      (schema, value) -> JsonSchemaValidator.ValidationResponse.asValid(null);

  private final PhotoTools tools;
  private final EndSignal input;
  private final McpSyncServer server;

  private Blip2McpServer(PhotoTools tools, EndSignal input, OutputStream output) {
    this.tools = tools;
    this.input = input;
    McpJsonMapper mapper = McpJsonDefaults.getMapper();
    var transport = new StdioServerTransportProvider(mapper, input, output);
    var building =
        McpServer.sync(transport)
            .serverInfo("blip2", version())
            .capabilities(ServerCapabilities.builder().tools(false).build())
            .jsonSchemaValidator(NO_VALIDATOR)
            .validateToolInputs(false);
    for (PhotoTool tool : tools.all()) {
      building.toolCall(described(tool), (exchange, call) -> answer(tool, call));
    }
    this.server = building.build();
  }

  /**
   * Starts a server, which loads its models when they are needed.
   *
   * @throws IllegalArgumentException without a folder
   * @throws IOException if a folder is none
   */
  public static Blip2McpServer start(McpOptions options, InputStream in, OutputStream out)
      throws IOException {
    return new Blip2McpServer(new PhotoTools(options), new EndSignal(in), out);
  }

  private static String version() {
    @Nullable String version = Blip2McpServer.class.getPackage().getImplementationVersion();
    return version == null ? "development" : version;
  }

  private static Tool described(PhotoTool tool) {
    return Tool.builder(tool.name(), tool.inputSchema())
        .description(tool.description())
        .annotations(ToolAnnotations.builder().readOnlyHint(true).openWorldHint(false).build())
        .build();
  }

  private CallToolResult answer(PhotoTool tool, CallToolRequest call) {
    synchronized (tools) {
      try {
        return result(tool.work().run(new Arguments(call.arguments(), tool.argumentNames())));
      } catch (IOException | IllegalArgumentException | MemoryShortageException e) {
        return failed(tool.name() + ": " + e.getMessage());
      } catch (OutOfMemoryError e) {
        LOG.error("{}: memory was short", tool.name(), e);
        return failed(tool.name() + ": memory expected for this, got too little");
      } catch (RuntimeException e) {
        LOG.error("{} failed", tool.name(), e);
        return failed(tool.name() + ": answer expected, got a fault; see the server's log");
      }
    }
  }

  private static CallToolResult result(JsonElement answer) {
    if (answer instanceof JsonObject) {
      return CallToolResult.builder()
          .textContent(List.of(answer.toString()))
          .structuredContent(McpJsonDefaults.getMapper(), answer.toString())
          .isError(false)
          .build();
    }
    return CallToolResult.builder()
        .textContent(List.of(answer.getAsString()))
        .isError(false)
        .build();
  }

  private static CallToolResult failed(String message) {
    return CallToolResult.builder().textContent(List.of(message)).isError(true).build();
  }

  /** Waits until the client has closed the input, or {@link #close} is called. */
  public void awaitEnd() throws InterruptedException {
    input.await();
  }

  /** Ends the session, and frees the models. */
  @Override
  public void close() {
    input.end();
    server.close();
    synchronized (tools) { // after the call under way
      tools.close();
    }
  }
}
