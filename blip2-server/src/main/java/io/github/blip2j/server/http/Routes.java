package io.github.blip2j.server.http;

import com.google.gson.JsonObject;
import io.github.blip2j.server.api.ChatCompletions;
import io.github.blip2j.server.api.Desk;
import io.github.blip2j.server.api.Embeddings;
import io.github.blip2j.server.api.Endpoint;
import io.github.blip2j.server.api.MatchRoutes;
import io.github.blip2j.server.api.Models;
import io.github.blip2j.server.api.Reply;
import io.github.blip2j.server.api.Rerank;
import io.github.blip2j.server.api.SearchRoutes;
import io.github.blip2j.server.api.TextRoutes;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.function.BooleanSupplier;

/** All routes. */
final class Routes {
  private final Metrics metrics;
  private final BooleanSupplier ready;

  Routes(Metrics metrics, BooleanSupplier ready) {
    this.metrics = metrics;
    this.ready = ready;
  }

  List<Route> of(Desk desk) {
    var models = new Models(desk);
    var texts = new TextRoutes(desk);
    var matches = new MatchRoutes(desk);
    Endpoint rerank = new Rerank(desk);
    var search = new SearchRoutes(desk);
    return List.of(
        post("/v1/chat/completions", new ChatCompletions(desk)),
        post("/v1/embeddings", new Embeddings(desk)),
        get("/v1/models", models::all),
        get("/v1/models/{id}", models::one),
        get("/v1/status", models::status),
        post("/v1/caption", texts::caption),
        post("/v1/answer", texts::answer),
        post("/v1/rank", matches::rank),
        post("/v1/match", matches::match),
        post("/v1/explain", matches::explain),
        post("/v1/search", search::search),
        get("/v1/thumbnails/{sha256}", search::thumbnail),
        post("/v1/rerank", rerank),
        post("/rerank", rerank),
        open("/health", (call, reply) -> health(reply)),
        open("/health/ready", (call, reply) -> health(reply)),
        open("/health/live", (call, reply) -> reply.json(200, status("ok"))),
        get(
            "/metrics",
            (call, reply) ->
                reply.file(
                    "text/plain; version=0.0.4; charset=utf-8",
                    metrics.text().getBytes(StandardCharsets.UTF_8))),
        open("/openapi.json", OpenApi::send),
        open("/", Page::index),
        open("/page/{file}", Page::file));
  }

  private void health(Reply reply) {
    boolean now = ready.getAsBoolean();
    reply.json(now ? 200 : 503, status(now ? "ok" : "loading"));
  }

  private static JsonObject status(String status) {
    var json = new JsonObject();
    json.addProperty("status", status);
    return json;
  }

  private static Route get(String path, Endpoint endpoint) {
    return new Route("GET", path, false, endpoint);
  }

  private static Route open(String path, Endpoint endpoint) {
    return new Route("GET", path, true, endpoint);
  }

  private static Route post(String path, Endpoint endpoint) {
    return new Route("POST", path, false, endpoint);
  }
}
