// A server that answers as ours, with answers made up, and as slowly or badly as a test wants.
// Usage: const mock = await serve(); mock.behave({...}); mock.url; mock.calls; mock.close()
import { readFile } from "node:fs/promises";
import http from "node:http";

const PAGE = new URL("../../main/resources/io/github/blip2j/server/page/", import.meta.url);
const TYPES = { html: "text/html;charset=utf-8", css: "text/css;charset=utf-8", js: "text/javascript;charset=utf-8", svg: "image/svg+xml", png: "image/png" };
const PIXEL = "iVBORw0KGgoAAAANSUhEUgAAAAgAAAAICAIAAABLbSncAAAAEklEQVR4nGNYuYIPK2IYWhIA9PVT4X1hv9oAAAAASUVORK5CYII=";

export const MODELS = [
  model("writer", ["caption", "answer", "rank"], {
    caption: { max_tokens: 30, min_tokens: 1, num_beams: 5, temperature: 0, top_p: 1, top_k: 50, length_penalty: 1, repetition_penalty: 1, no_repeat_ngram_size: 0 },
    answer: { max_tokens: 10, min_tokens: 1, num_beams: 5, temperature: 0, top_p: 1, top_k: 50, length_penalty: -1, repetition_penalty: 1, no_repeat_ngram_size: 0 },
  }),
  model("matcher", ["match", "explain", "embed"]),
];

export function model(id, tasks, defaults, loaded = true) {
  const kind = tasks.includes("match") ? "match" : "generate";
  return { id, object: "model", created: 0, owned_by: "blip2", blip2: { kind, tasks, loaded, dtype: "int8", kernels: "mock", ...(defaults && { defaults }) } };
}

const sleep = (ms) => new Promise((done) => setTimeout(done, ms));
const timing_ms = { queue: 12, model: 200, total: 212 };

/** Starts a server on a free port. */
export async function serve() {
  const state = { calls: [], aborted: 0, how: {} };
  const server = http.createServer((request, response) => {
    answer(request, response, state).catch((e) => response.destroy(e));
  });
  await new Promise((done) => server.listen(0, "127.0.0.1", done));
  return {
    url: `http://127.0.0.1:${server.address().port}/`,
    calls: state.calls,
    get aborted() {
      return state.aborted;
    },
    /** What to do from now on: `models`, `index`, `key`, `pace` (ms a word), `words` (of captions and answers), `fail` ({status, ...} by path, or a list of them, one for each call). */
    behave(how) {
      state.how = how;
      state.calls.length = 0;
      state.aborted = 0;
    },
    close: () => {
      server.closeAllConnections();
      server.close();
    },
  };
}

async function answer(request, response, state) {
  const { pathname } = new URL(request.url, "http://mock");
  response.setHeader("Content-Security-Policy", "default-src 'self'; img-src 'self' data: blob:");
  response.setHeader("X-Content-Type-Options", "nosniff");
  if (pathname === "/" || pathname.startsWith("/page/")) return file(pathname === "/" ? "index.html" : pathname.slice(6), response);
  if (pathname === "/health") return json(response, state.how.loading ? 503 : 200, { status: state.how.loading ? "loading" : "ok" });
  if (state.how.key && request.headers.authorization !== `Bearer ${state.how.key}`) {
    return refuse(response, { status: 401, message: "Authorization: the server's key expected, got another", code: "invalid_api_key" });
  }
  const body = await read(request);
  state.calls.push({ path: pathname, body, authorization: request.headers.authorization });
  const failures = state.how.fail?.[pathname];
  const failure = Array.isArray(failures) ? failures.shift() : failures;
  if (failure) return refuse(response, failure);
  const route = ROUTES[pathname];
  if (!route) return refuse(response, { status: 404, message: "path: another expected" });
  response.on("close", () => {
    if (!response.writableEnded) state.aborted++;
  });
  return route(body, response, state.how);
}

async function file(name, response) {
  try {
    const bytes = await readFile(new URL(name, PAGE));
    response.writeHead(200, { "Content-Type": TYPES[name.split(".").pop()] }).end(bytes);
  } catch {
    refuse(response, { status: 404, message: "path: a file of the page expected" });
  }
}

async function read(request) {
  const parts = [];
  for await (const part of request) parts.push(part);
  return parts.length === 0 ? null : JSON.parse(Buffer.concat(parts).toString());
}

function json(response, status, value, headers = {}) {
  response.writeHead(status, { "Content-Type": "application/json", "X-Request-Id": "request-1", ...headers }).end(JSON.stringify(value));
}

function refuse(response, { status, message, param = null, code = null, retryAfter }) {
  json(response, status, { error: { message, type: "error", param, code } }, retryAfter ? { "Retry-After": retryAfter } : {});
}

const CAPTIONS = ["two cats on a couch", "two cats sleeping on a pink couch", "a couch", "cats", "two remote controls"];

const ROUTES = {
  "/v1/models": (body, response, how) => json(response, 200, { object: "list", data: how.models ?? MODELS }),
  "/v1/status": (body, response, how) => json(response, 200, { queue: how.queue ?? 0, running: 1, rate_per_s: 2.5, models: ["writer"], ...(how.index && { index: how.index }) }),
  "/v1/caption": (body, response, how) => {
    const captions = (how.words ? Array(5).fill(how.words) : CAPTIONS).slice(0, body.n ?? 1).map((text, i) => ({ text: body.temperature > 0 ? `${text} once more` : text, log_probability: -2 - i }));
    return told(body, response, how, captions[0].text, { captions });
  },
  "/v1/answer": (body, response, how) => {
    const text = how.words ?? (body.conversation ? `because of "${body.conversation.at(-1).answer}"` : "they are cats");
    return told(body, response, how, text, { answer: text, log_probability: -1 });
  },
  "/v1/rank": async (body, response, how) => {
    await sleep(how.pace ?? 0);
    const all = body.candidates.map((text, index) => ({ text, index, probability: 0.6 / (index + 1), log_probability: -1 - index }));
    json(response, 200, { candidates: all, model: body.model, timing_ms });
  },
  "/v1/match": async (body, response, how) => {
    await sleep(how.pace ?? 0);
    const matches = body.texts.map((text, i) => ({ text, itc: 0.4 - 0.1 * i, itm_logit: 1 - i, itm_probability: 0.9 / (i + 1) }));
    json(response, 200, { matches, model: body.model, timing_ms });
  },
  "/v1/explain": (body, response) => {
    const tokens = body.text.split(" ");
    const spot = (row, column) => Array.from({ length: 6 }, (_, r) => Array.from({ length: 6 }, (_, c) => Math.exp(-((r - row) ** 2 + (c - column) ** 2) / 3)));
    json(response, 200, { tokens, layer: 6, map: spot(1, 1), maps: tokens.map((_, i) => spot(i % 6, (5 - i + 6) % 6)), model: body.model });
  },
  "/v1/search": async (body, response, how) => {
    await sleep(how.pace ?? 0);
    const results = how.found ?? [0, 1, 2].map((i) => ({ id: i, score: 0.9 - 0.1 * i, path: `holiday/${i}.png`, thumbnail: i === 2 ? "page/examples/1.png" : `data:image/png;base64,${PIXEL}` }));
    json(response, 200, { results, model: "matcher", timing_ms });
  },
};

async function told(body, response, how, text, rest) {
  const whole = { ...rest, model: body.model, timing_ms };
  if (!body.stream) {
    await sleep(how.pace ?? 0);
    return json(response, 200, whole);
  }
  response.writeHead(200, { "Content-Type": "text/event-stream" });
  response.write(": ping\n\n");
  for (const piece of text.split(/(?= )/)) {
    await sleep(how.pace ?? 0);
    if (response.destroyed) return undefined;
    response.write(`data: ${JSON.stringify({ text: piece })}\n\n`);
    if (how.breakAfter === piece.trim()) return sleep(300).then(() => response.destroy());
    if (how.errorAfter === piece.trim()) return response.end(`data: ${JSON.stringify({ error: { message: "memory: room expected", type: "server_error", param: null, code: "out_of_memory" } })}\n\n`);
  }
  return response.end(`data: ${JSON.stringify({ done: whole })}\n\n`);
}
