// Captions and conversations.
// Usage: node --test words.test.mjs
import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { barriers, EXAMPLE, shot } from "./browser.mjs";
import { session, until } from "./session.mjs";

const s = session();

describe("captions", () => {
  test("come word by word", async () => {
    await s.visit({ pace: 250 });
    await s.page.setInputFiles("#file", EXAMPLE);
    await s.page.waitForFunction(() => document.querySelector("#caption-text").textContent === "two cats");
    assert.equal(await s.page.locator("#caption-text").getAttribute("aria-busy"), "true");
    await s.captioned();
    assert.equal(await s.page.locator("#caption-text").getAttribute("aria-busy"), "false");
    await until("an announcement", async () => (await s.page.locator("#announcer").textContent()) === "Caption: two cats on a couch");
  });

  test("another is sampled with a seed", async () => {
    await s.withPicture();
    await s.page.getByRole("button", { name: "Another" }).click();
    await s.captioned("two cats on a couch once more");
    const { temperature, top_p, num_beams, seed } = s.sent("/v1/caption")[1].body;
    assert.deepEqual([temperature, top_p, num_beams], [1, 0.9, 1]);
    assert.equal(Number.isSafeInteger(seed), true);
  });

  test("five come with scores", async () => {
    await s.withPicture();
    await s.page.getByRole("button", { name: "Five with scores" }).click();
    await s.page.locator("#captions li").nth(4).waitFor();
    const { n, num_beams, stream } = s.sent("/v1/caption")[1].body;
    assert.deepEqual([n, num_beams, stream], [5, 5, undefined]);
    assert.match(await s.text("#captions li >> nth=0"), /two cats on a couch\s+63.6 %, log p -2.00/);
    assert.deepEqual(await barriers(s.page), []);
    await shot(s.page, "captions");
  });

  test("that are slow can be stopped, which ends the request", async () => {
    await s.visit({ pace: 600, queue: 3 });
    await s.page.setInputFiles("#file", EXAMPLE);
    await s.page.getByText("3 waiting, 2.5 a second").waitFor();
    await shot(s.page, "slow");
    await s.page.locator("#caption-stop").click();
    await s.page.getByText("Stopped.").waitFor();
    await until("an abort", () => s.mock.aborted === 1);
    assert.equal(await s.page.locator("#caption-stop").isVisible(), false);
    assert.equal(await s.text("#status"), "ready");
  });

  test("of an old picture do not disturb those of a new one", async () => {
    await s.visit({ pace: 400 });
    await s.page.getByRole("button", { name: "Four Christmas trees" }).click();
    await until("a call", () => s.sent("/v1/caption").length === 1);
    await s.page.setInputFiles("#file", EXAMPLE);
    await s.captioned();
    assert.equal(s.sent("/v1/caption").length, 2);
    assert.equal(s.mock.aborted, 1);
  });
});

describe("a conversation", () => {
  test("has its history, and can be cleared", async () => {
    await s.withPicture();
    await s.page.getByLabel("Question about the picture").fill("what are they?");
    await s.page.keyboard.press("Enter");
    await s.page.locator(".answer", { hasText: "they are cats" }).waitFor();
    await s.page.getByLabel("Question about the picture").fill("why?");
    await s.page.locator("#ask-form").getByRole("button", { name: "Ask" }).click();
    await s.page.locator(".answer", { hasText: 'because of "they are cats"' }).waitFor();
    const [first, second] = s.sent("/v1/answer").map((call) => call.body);
    assert.equal(first.conversation, undefined);
    assert.deepEqual(second.conversation, [{ question: "what are they?", answer: "they are cats" }]);
    assert.deepEqual(await barriers(s.page), []);
    await shot(s.page, "conversation");
    await s.page.getByRole("button", { name: "Clear the conversation" }).click();
    assert.equal(await s.page.locator(".turn").count(), 0);
    await s.page.locator("#suggestions button").first().click();
    await until("a call", () => s.sent("/v1/answer").length === 3);
    assert.equal(s.sent("/v1/answer")[2].body.conversation, undefined);
  });

  test("without a picture asks for one", async () => {
    await s.visit();
    await s.page.getByLabel("Question about the picture").fill("what?");
    await s.page.keyboard.press("Enter");
    await s.page.getByText("There is no picture yet").waitFor();
  });

  test("whose stream breaks says so, and does not remember half an answer", async () => {
    await s.withPicture({ breakAfter: "they" }, { failures: true }).catch(() => {});
    await s.page.locator("#caption-facts").waitFor();
    await s.page.getByLabel("Question about the picture").fill("what?");
    await s.page.keyboard.press("Enter");
    await s.page.getByText("The connection ended before the answer did.").waitFor();
    await s.page.getByText("(not finished)").waitFor();
    await shot(s.page, "broken-stream");
  });

  test("that fails in the middle tells the server's reason", async () => {
    await s.withPicture({ errorAfter: "they" });
    await s.page.getByLabel("Question about the picture").fill("what?");
    await s.page.keyboard.press("Enter");
    await s.page.getByText("memory: room expected").waitFor();
  });
});
