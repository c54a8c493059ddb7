// Comparing, matching, searching, settings, models and code.
// Usage: node --test parts.test.mjs
import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { barriers, EXAMPLE, shot } from "./browser.mjs";
import { model, MODELS } from "./mock.mjs";
import { session, until } from "./session.mjs";

const s = session();

describe("comparing and matching", () => {
  test("candidates get bars", async () => {
    await s.withPicture();
    await s.page.getByRole("tab", { name: "Compare" }).click();
    await s.page.locator("#rank-question").fill("what is it?");
    await s.page.getByRole("textbox", { name: "Candidates" }).fill("cats\n\n  dogs \nbirds");
    await s.page.getByLabel("the mean of its words").check();
    await s.page.locator("#rank-form").getByRole("button", { name: "Compare" }).click();
    await s.page.locator("#ranking li").nth(2).waitFor();
    const { question, candidates, by } = s.sent("/v1/rank")[0].body;
    assert.deepEqual([question, candidates, by], ["what is it?", ["cats", "dogs", "birds"], "mean"]);
    const widths = await s.page.locator("#ranking .bar-fill").evaluateAll((bars) => bars.map((bar) => Math.round((100 * bar.clientWidth) / bar.parentElement.clientWidth)));
    assert.deepEqual(widths, [60, 30, 20]);
    assert.deepEqual(await barriers(s.page), []);
    await shot(s.page, "compare");
  });

  test("a single candidate is none", async () => {
    await s.withPicture();
    await s.page.getByRole("tab", { name: "Compare" }).click();
    await s.page.getByRole("textbox", { name: "Candidates" }).fill("cats");
    await s.page.locator("#rank-form").getByRole("button", { name: "Compare" }).click();
    await s.page.getByText("At least two candidates").waitFor();
    assert.equal(s.sent("/v1/rank").length, 0);
  });

  test("texts get a heat map, one for each word, and a slider", async () => {
    await s.withPicture();
    await s.page.getByRole("tab", { name: "Match" }).click();
    await s.page.getByRole("textbox", { name: "Texts" }).fill("two pink cats\na dog");
    await s.page.locator("#match-form").getByRole("button", { name: "Match" }).click();
    await s.page.locator("#map-tools").waitFor();
    assert.match(await s.text("#matches li >> nth=0"), /two pink cats\s+90.0 %, cosine 0.40/);
    assert.equal(await s.text("#map-caption"), "Where “two pink cats” is: strongest at the upper left.");
    const spot = () =>
      s.page.evaluate(() => {
        const map = document.querySelector("#map");
        const alpha = (x, y) => map.getContext("2d").getImageData(x * map.width, y * map.height, 1, 1).data[3];
        return [alpha(0.25, 0.25) > 200, alpha(0.9, 0.9) < 60, alpha(0.92, 0.08) > 200];
      });
    assert.deepEqual(await spot(), [true, true, false]);
    await shot(s.page, "heat-map");
    await s.page.locator("#words button").first().hover();
    assert.deepEqual(await spot(), [false, true, true]);
    assert.equal(await s.text("#map-caption"), "Where “two” is: strongest at the upper right.");
    await s.page.mouse.move(0, 0);
    assert.deepEqual(await spot(), [true, true, false]);
    await s.page.locator("#words button").first().focus();
    assert.deepEqual(await spot(), [false, true, true]);
    await s.page.keyboard.press("Enter");
    assert.equal(await s.page.locator("#words button").first().getAttribute("aria-pressed"), "true");
    await s.page.getByLabel("Heat map").fill("20");
    assert.equal(await s.page.locator("#map").evaluate((map) => map.style.opacity), "0.2");
    assert.deepEqual(await barriers(s.page), []);
    await shot(s.page, "heat-map-of-a-word");
    await s.page.getByRole("button", { name: "a dog" }).click();
    await s.page.getByText("Where “a dog” is").waitFor();
    await s.page.keyboard.press("Escape");
    assert.equal(await s.page.locator("#map").isVisible(), false);
  });
});

describe("search", () => {
  test("is hidden without an index", async () => {
    await s.withPicture();
    assert.equal(await s.page.getByRole("tab", { name: "Search" }).isVisible(), false);
  });

  test("finds by words and by the picture; a found one becomes the picture", async () => {
    await s.withPicture({ index: { images: 1234 } });
    await s.page.getByRole("tab", { name: "Search" }).click();
    await s.page.getByLabel("Words to search for").fill("cats");
    await s.page.keyboard.press("Enter");
    await s.page.locator("#found li").nth(2).waitFor();
    assert.deepEqual(s.sent("/v1/search")[0].body, { text: "cats", k: 12 });
    assert.deepEqual(await barriers(s.page), []);
    await shot(s.page, "search");
    await s.page.getByRole("button", { name: "Find pictures like this one" }).click();
    await until("a search", () => s.sent("/v1/search").length === 2);
    assert.match(s.sent("/v1/search")[1].body.image, /^data:image\/png/);
    await s.page.locator("#found button").first().click();
    await until("a caption", () => s.sent("/v1/caption").length === 2);
    assert.match(await s.text("#picture-facts"), /0\.png · 8 × 8/);
  });
});

describe("settings, models, code", () => {
  test("changed settings are sent, others are not; the model's own are shown", async () => {
    await s.withPicture();
    await s.page.getByText("Generation settings").click();
    await s.page.getByText("in tokens. Model: 30, 10 for answers").waitFor();
    await s.page.getByLabel("Beams").fill("3");
    await s.page.getByLabel("Length penalty").fill("1,5");
    await s.page.getByLabel("Caption begins with").fill("a photo of");
    assert.equal(await s.text("#settings-changed"), "3 changed");
    assert.deepEqual(await barriers(s.page), []);
    await shot(s.page, "settings");
    await s.page.getByRole("button", { name: "Five with scores" }).click();
    await until("a call", () => s.sent("/v1/caption").length === 2);
    const { num_beams, length_penalty, prompt } = s.sent("/v1/caption")[1].body;
    assert.deepEqual([num_beams, length_penalty, prompt], [5, 1.5, "a photo of"]);
    await s.page.locator("#suggestions button").first().click();
    await until("a call", () => s.sent("/v1/answer").length === 1);
    assert.deepEqual(Object.keys(s.sent("/v1/answer")[0].body).sort(), ["image", "length_penalty", "model", "num_beams", "question", "stream"]);
    await s.page.getByRole("button", { name: "Back to the model's own" }).click();
    assert.equal(await s.text("#settings-changed"), "the model's own");
  });

  test("a setting that is no number is told beside it, and nothing is sent", async () => {
    await s.withPicture();
    await s.page.getByText("Generation settings").click();
    await s.page.getByLabel("Temperature").fill("warm");
    await s.page.getByRole("button", { name: "Five with scores" }).click();
    await s.page.getByText("Temperature: a number expected, got “warm”.").waitFor();
    assert.equal(await s.page.getByLabel("Temperature").getAttribute("aria-invalid"), "true");
    assert.equal(s.sent("/v1/caption").length, 1);
  });

  test("a setting that the server does not like is told beside it", async () => {
    await s.withPicture({ fail: { "/v1/caption": [null, { status: 400, message: "num_beams: 1 to 64 expected, got 99", param: "num_beams" }] } }, { failures: true });
    await s.page.getByRole("button", { name: "Five with scores" }).click();
    await s.page.locator("#bad-num_beams", { hasText: "1 to 64 expected" }).waitFor();
    await s.page.locator("#caption-notice", { hasText: "1 to 64 expected" }).waitFor();
    assert.deepEqual(await barriers(s.page), []);
    await shot(s.page, "bad-setting");
  });

  test("models are chosen; what none can do is told", async () => {
    await s.visit({ models: [MODELS[0], model("second", ["caption", "answer", "rank"], undefined, false)] });
    await s.page.setInputFiles("#file", EXAMPLE);
    await s.captioned();
    await s.page.getByLabel("Words by").selectOption("second");
    await until("a caption", () => s.sent("/v1/caption").length === 2);
    assert.equal(s.sent("/v1/caption")[1].body.model, "second");
    await s.page.getByRole("tab", { name: "Match" }).click();
    assert.match(await s.text("#match-why"), /Not available: no model of this server \(writer, second\) compares pictures with texts/);
    assert.equal(await s.page.locator("#match-form").isVisible(), false);
    assert.deepEqual(await barriers(s.page), []);
    await shot(s.page, "unavailable");
  });

  test("without a model that writes, captions and chat are told to be unavailable", async () => {
    await s.visit({ models: [MODELS[1]] });
    await s.page.setInputFiles("#file", EXAMPLE);
    await s.page.locator("#caption-why", { hasText: "writes captions" }).waitFor();
    await s.page.locator("#ask-why", { hasText: "answers questions" }).waitFor();
    assert.equal(s.sent("/v1/caption").length, 0);
    await shot(s.page, "no-words");
  });

  test("the last call is there as curl, Python and Java, and can be copied", async () => {
    await s.withPicture({}, { permissions: ["clipboard-read", "clipboard-write"] });
    await s.page.getByLabel("Question about the picture").fill('what\'s "it"?');
    await s.page.keyboard.press("Enter");
    await s.page.locator("#ask-facts").waitFor();
    await s.page.getByText("The same from code").click();
    assert.match(await s.text("#code-curl pre"), /--form-string 'question=what'\\''s "it"\?'/);
    await s.page.locator("#code-curl").getByRole("button", { name: "Copy" }).click();
    await until("a copy", async () => (await s.page.evaluate(() => navigator.clipboard.readText())).startsWith("curl"));
    await shot(s.page, "code-curl");
    await s.page.getByRole("tab", { name: "Python" }).click();
    assert.match(await s.text("#code-python pre"), /client\.chat\.completions\.create/);
    await shot(s.page, "code-python");
    await s.page.keyboard.press("ArrowRight");
    assert.match(await s.text("#code-java pre"), /blip2\.answer\(image, "what's \\"it\\"\?"\)/);
    assert.deepEqual(await barriers(s.page), []);
    await shot(s.page, "code-java");
  });
});
