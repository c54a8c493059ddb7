// Prints the page's code for calls of every kind, as JSON: [{"task", "curl", "python", "java"}].
// Usage: node snippets.mjs [BASE-URL] [MODEL-OF-WORDS] [MODEL-OF-MATCHES] [IMAGE]
import { readFileSync } from "node:fs";

const [base = "http://127.0.0.1:8080/", words = "bundled", matches = "itm", file = "photo.jpg"] = process.argv.slice(2);
const source = readFileSync(new URL("../../main/resources/io/github/blip2j/server/page/snippets.js", import.meta.url), "utf8");
const { snippets } = await import(`data:text/javascript,${encodeURIComponent(source)}`);

const SAMPLED = { temperature: 0.8, top_p: 0.9, top_k: 20, seed: 7 };
const SEARCHED = { num_beams: 5, max_tokens: 12, min_tokens: 2, length_penalty: 0.5, repetition_penalty: 1.2, no_repeat_ngram_size: 3 };
const NASTY = 'what\'s "it" \\ $HOME `id`?';

const calls = [
  ["caption", {}],
  ["caption", { ...SEARCHED, n: 5, prompt: "a photo of" }],
  ["caption", SAMPLED],
  ["answer", { question: NASTY }],
  ["answer", { question: "why?", conversation: [{ question: NASTY, answer: "red" }, { question: "sure?", answer: "yes" }], num_beams: 2 }],
  ["rank", { candidates: ["red", NASTY], by: "sum" }],
  ["rank", { question: "what color is it?", candidates: ["red", "blue"], by: "mean" }],
  ["match", { texts: ["a red star", NASTY] }],
  ["explain", { text: "a red star" }],
  ["search", { text: NASTY, k: 12 }],
];

const written = calls.map(([task, fields]) => {
  const model = task === "search" ? undefined : task === "match" || task === "explain" ? matches : words;
  const call = { task, model, file, fields, base, key: false };
  return { task, ...Object.fromEntries(Object.entries(snippets).map(([language, write]) => [language, write(call)])) };
});
process.stdout.write(JSON.stringify(written));
