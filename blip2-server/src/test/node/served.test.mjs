// The page in a real browser, against the real server.
// Usage: BLIP2_URL=... BLIP2_KEY_URL=... BLIP2_KEY=... BLIP2_CAPTION=... node --test served.test.mjs
import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { dirname } from "node:path";
import { after, afterEach, before, test as nodeTest } from "node:test";
import { promisify } from "node:util";
import { barriers, EXAMPLE, launch, open, shot } from "./browser.mjs";

const { BLIP2_URL: url, BLIP2_KEY_URL: keyUrl, BLIP2_KEY: key, BLIP2_CAPTION: caption } = process.env;
const run = promisify(execFile);

// without a server, as with a plain node --test, there is nothing to do
const test = (name, body) => nodeTest(name, { skip: !url }, body);

let browser;
let page;

before(async () => {
  if (url) browser = await launch();
});
after(() => browser?.close());
afterEach(async () => {
  if (!page) return;
  assert.deepEqual(page.faults, []);
  await page.context().close();
});

const text = (selector) => page.locator(selector).innerText();
const captioned = () => page.waitForFunction((words) => document.querySelector("#caption-facts:not([hidden])") && document.querySelector("#caption-text").textContent === words, caption);

test("caption, answer, ranking, match and heat map of the real models", async () => {
  page = await open(browser, url);
  await page.getByRole("button", { name: "Four Christmas trees" }).click();
  await captioned();
  assert.match(await text("#kernels"), /bundled in float32, bundled-matcher in float32\. Kernels: \w+/);
  await page.getByRole("button", { name: "Five with scores" }).click();
  await page.locator("#captions li").nth(4).waitFor();
  assert.equal(await text("#captions li >> nth=0 >> span >> nth=0"), caption);
  await page.getByRole("button", { name: "Another" }).click();
  await page.waitForFunction(() => document.querySelector("#captions").hidden && !document.querySelector("#caption-facts").hidden);
  await page.getByRole("button", { name: "how many christmas trees are there?" }).click();
  await page.locator(".answer", { hasText: /^four/ }).waitFor();
  await page.locator("#ask-facts").waitFor();
  await page.getByLabel("Question about the picture").fill("sure?");
  await page.keyboard.press("Enter");
  await page.locator("#ask-form button[aria-disabled]").waitFor({ state: "detached" });
  await shot(page, "real-ask");
  await page.getByRole("tab", { name: "Compare" }).click();
  await page.locator("#rank-form [type=submit]").click();
  await page.locator("#ranking li").nth(3).waitFor();
  assert.match(await text("#ranking li >> nth=0"), /^four christmas trees/);
  await shot(page, "real-compare");
  await page.getByRole("tab", { name: "Match" }).click();
  await page.locator("#match-form [type=submit]").click();
  await page.locator("#map-tools").waitFor();
  assert.deepEqual(await page.locator("#words button").evaluateAll((all) => all.map((one) => one.firstChild.data).length > 1), true);
  assert.equal(await page.getByRole("tab", { name: "Search" }).isVisible(), false);
  assert.deepEqual(await barriers(page), []);
  await shot(page, "real-match");
});

test("the server's errors, beside the setting that is wrong", async () => {
  page = await open(browser, url, { failures: true });
  await page.setInputFiles("#file", EXAMPLE);
  await captioned();
  await page.getByText("Generation settings").click();
  await page.getByText("in tokens. Model: 20").waitFor();
  await page.getByLabel("Beams").fill("99");
  await page.getByRole("button", { name: "Five with scores" }).click();
  await page.locator("#bad-num_beams", { hasText: "num_beams" }).waitFor();
  await shot(page, "real-error");
});

test("a key", async () => {
  page = await open(browser, keyUrl, { failures: true });
  await page.getByLabel("API key").fill(`${key}x`);
  await page.keyboard.press("Enter");
  await page.getByText("the server's key expected, got another").waitFor();
  await page.getByLabel("API key").fill(key);
  await page.keyboard.press("Enter");
  await page.getByText("Words by").first().waitFor();
  await page.setInputFiles("#file", EXAMPLE);
  await captioned();
});

test("a search, with a key", async () => {
  page = await open(browser, keyUrl, { failures: true });
  await page.getByLabel("API key").fill(key);
  await page.keyboard.press("Enter");
  await page.getByRole("tab", { name: "Search" }).click();
  assert.match(await text("#search-lead"), /^Find pictures among 6,/);
  await page.locator("#query").fill("a red star");
  await page.keyboard.press("Enter");
  await page.locator("#found li").nth(5).waitFor();
  const loaded = (all) => all.every((img) => img.complete && img.naturalWidth > 0);
  assert.equal(await page.locator("#found img").evaluateAll(loaded), true);
  await shot(page, "real-search");
  await page.setInputFiles("#file", EXAMPLE);
  await captioned();
  await page.getByRole("tab", { name: "Search" }).click();
  await page.getByRole("button", { name: "Find pictures like this one" }).click();
  await page.locator("#found li", { hasText: "1.000" }).waitFor();
  assert.match(await text("#found li >> nth=0"), /^1\.png/);
  assert.deepEqual(await barriers(page), []);
});

test("the commands that the page shows do what the page did", async (t) => {
  page = await open(browser, url);
  try {
    await run("curl", ["--version"]);
  } catch {
    t.skip("no curl");
    return;
  }
  const { stdout } = await run("node", ["snippets.mjs", url, "bundled", "bundled-matcher", EXAMPLE]);
  for (const { task, curl } of JSON.parse(stdout)) {
    if (task === "search") continue;
    const quiet = curl.replace("curl ", "curl -sS ").replace("-o map.png", "-o -");
    const answer = await run("bash", ["-c", quiet], { cwd: dirname(EXAMPLE), encoding: "buffer" });
    const [start] = answer.stdout;
    if (task === "explain") assert.equal(start, 0x89, "a PNG expected");
    else assert.equal(JSON.parse(answer.stdout.toString()).error, undefined, curl);
  }
});
