// Runs OpenAI's client against a server; prints one JSON object for the test to look at.
// Usage: node openai.mjs URL IMAGE-DATA-URL-FILE
import { readFileSync } from "node:fs";
import OpenAI from "openai";

const [url, file] = process.argv.slice(2);
const image = readFileSync(file, "utf8");
const client = new OpenAI({ baseURL: `${url}/v1`, apiKey: "none", maxRetries: 0 });

const about = (text) => [
  {
    role: "user",
    content: [
      { type: "text", text },
      { type: "image_url", image_url: { url: image } },
    ],
  },
];

const seen = {};

seen.models = [];
for await (const model of client.models.list()) {
  seen.models.push(model.id);
}

const answer = await client.chat.completions.create({
  model: "bundled",
  messages: about("what is it?"),
});
seen.answer = answer.choices[0].message.content;
seen.usage = answer.usage.total_tokens;

const stream = await client.chat.completions.create({
  model: "bundled",
  messages: about(""),
  stream: true,
  stream_options: { include_usage: true },
});
seen.caption = "";
seen.pieces = 0;
for await (const chunk of stream) {
  const piece = chunk.choices[0]?.delta?.content;
  if (piece) {
    seen.caption += piece;
    seen.pieces++;
  }
  seen.streamUsage = chunk.usage?.completion_tokens;
}

const logged = client.chat.completions.stream({
  model: "bundled",
  messages: about(""),
  logprobs: true,
  top_logprobs: 2,
  stop: seen.caption.slice(5),
});
const whole = await logged.finalChatCompletion(); // joined by the client
seen.stopped = whole.choices[0].message.content;
seen.reason = whole.choices[0].finish_reason;
seen.logprobs = whole.choices[0].logprobs.content.map((token) => token.top_logprobs.length);

const embedding = await client.embeddings.create({ model: "itm", input: "two cats" }); // base64
seen.embedding = Array.from(embedding.data[0].embedding).slice(0, 4);

seen.errors = [];
for (const request of [
  { model: "none", messages: about("what is it?") },
  { model: "bundled", messages: [{ role: "user", content: "hello" }] },
  { model: "bundled", messages: about("what is it?"), max_tokens: -1 },
]) {
  try {
    await client.chat.completions.create(request);
    seen.errors.push("none");
  } catch (error) {
    seen.errors.push(`${error.constructor.name} ${error.status} ${error.param}`);
  }
}

console.log(JSON.stringify(seen));
