// The page in a real browser, against a server of made-up answers.
// Usage: node --test page.test.mjs; screenshots go to target/screenshots, or to $SCREENSHOTS.
import assert from "node:assert/strict";
import { readFile } from "node:fs/promises";
import { after, afterEach, before, describe, test } from "node:test";
import { barriers, EXAMPLE, launch, open, shot } from "./browser.mjs";
import { model, MODELS, serve } from "./mock.mjs";

let browser;
let mock;
let page;

before(async () => {
  browser = await launch();
  mock = await serve();
});

after(async () => {
  await browser?.close();
  mock?.close();
});

afterEach(async () => {
  if (!page) return;
  assert.deepEqual(page.faults, []);
  await page.context().close();
  page = undefined;
});

const DARK = { colorScheme: "dark" };
const SMALL = { viewport: { width: 320, height: 640 } };

async function visit(how = {}, options = {}) {
  mock.behave(how);
  page = await open(browser, mock.url, options);
  await page.getByText("Words by").or(page.locator("#caption-why:visible")).or(page.locator("dialog[open]")).first().waitFor();
  return page;
}

async function withPicture(how, options) {
  await visit(how, options);
  await page.setInputFiles("#file", EXAMPLE);
  await captioned();
}

const captioned = (text = "two cats on a couch") => page.waitForFunction((words) => document.querySelector("#caption-facts:not([hidden])") && document.querySelector("#caption-text").textContent === words, text);
const sent = (path) => mock.calls.filter((call) => call.path === path);
const text = (selector) => page.locator(selector).innerText();
const until = async (what, holds) => {
  for (let i = 0; i < 200; i++) {
    if (await holds()) return;
    await new Promise((done) => setTimeout(done, 50));
  }
  assert.fail(`${what}: expected within 10 s`);
};

describe("a picture", () => {
  test("chosen: is captioned by itself, and sent as its bytes are", async () => {
    await withPicture();
    const [{ body }] = sent("/v1/caption");
    assert.equal(body.model, "writer");
    assert.equal(body.stream, true);
    assert.equal(body.image, `data:image/png;base64,${(await readFile(EXAMPLE)).toString("base64")}`);
    assert.deepEqual(Object.keys(body).sort(), ["image", "model", "stream"]);
    assert.equal(await page.locator("#shown").getAttribute("alt"), "two cats on a couch");
    assert.match(await text("#caption-facts"), /212 ms · 12 ms of it waiting · writer/);
    assert.match(await text("#kernels"), /Kernels: mock/);
    assert.deepEqual(await barriers(page), []);
    await shot(page, "caption");
  });

  test("an example", async () => {
    await visit();
    await page.getByRole("button", { name: "A red star" }).click();
    await captioned();
    assert.equal(await text("#suggestions button >> nth=0"), "what color is the star?");
  });

  test("dropped, also two at once, and what is no file", async () => {
    await visit();
    const drop = (files, words) =>
      page.evaluate(
        async ([names, words]) => {
          const transfer = new DataTransfer();
          for (const name of names) transfer.items.add(new File([await (await fetch("page/examples/1.png")).blob()], name, { type: "image/png" }));
          if (words) transfer.setData("text/uri-list", words);
          document.body.dispatchEvent(new DragEvent("dragover", { dataTransfer: transfer, bubbles: true, cancelable: true }));
          const dragging = document.body.classList.contains("dragging");
          document.body.dispatchEvent(new DragEvent("drop", { dataTransfer: transfer, bubbles: true, cancelable: true }));
          return dragging;
        },
        [files, words],
      );
    assert.equal(await drop(["a.png"]), true);
    await captioned();
    assert.match(await text("#picture-facts"), /a\.png · 320 × 320 · \d+ bytes|kB/);
    await drop(["b.png", "c.png"]);
    await until("a notice", async () => (await text("#picture-notice")).includes("The first of 2 files"));
    await drop([], "https://example.org/cat.png");
    assert.match(await text("#picture-notice"), /Only files can be dropped/);
  });

  test("pasted", async () => {
    await visit();
    await page.evaluate(async () => {
      const clipboardData = new DataTransfer();
      clipboardData.items.add(new File([await (await fetch("page/examples/2.png")).blob()], "pasted.png", { type: "image/png" }));
      document.dispatchEvent(new ClipboardEvent("paste", { clipboardData, bubbles: true, cancelable: true }));
    });
    await captioned();
    assert.match(await text("#picture-facts"), /pasted\.png/);
  });

  test("photographed; Escape closes the camera", async () => {
    await visit();
    await page.getByRole("button", { name: "Photograph" }).click();
    await page.waitForFunction(() => !document.querySelector("#camera-take").disabled);
    assert.deepEqual(await barriers(page), []);
    await shot(page, "camera", false);
    await page.keyboard.press("Escape");
    assert.equal(await page.locator("#camera").isVisible(), false);
    await page.getByRole("button", { name: "Photograph" }).click();
    await page.waitForFunction(() => !document.querySelector("#camera-take").disabled);
    await page.getByRole("button", { name: "Take it" }).click();
    await captioned();
    assert.match(sent("/v1/caption")[0].body.image, /^data:image\/jpeg;base64,/);
    assert.equal(await page.evaluate(() => document.querySelector("#camera-view").srcObject), null);
  });

  test("large: is scaled to 1024 pixels unless it is to be sent as it is", async () => {
    await visit();
    const file = await page.evaluate(async () => {
      const canvas = Object.assign(document.createElement("canvas"), { width: 3000, height: 1500 });
      canvas.getContext("2d").fillRect(0, 0, 1500, 1500);
      const bytes = await (await new Promise((done) => canvas.toBlob(done, "image/jpeg", 0.5))).arrayBuffer();
      return [...new Uint8Array(bytes)];
    });
    await page.setInputFiles("#file", { name: "large.jpg", mimeType: "image/jpeg", buffer: Buffer.from(file) });
    await captioned();
    assert.match(await text("#picture-facts"), /3000 × 1500, sent as 1024 × 512/);
    assert.deepEqual(await size(sent("/v1/caption")[0].body.image), [1024, 512]);
    await page.getByLabel("Send files as they are").check();
    await until("a second caption", () => sent("/v1/caption").length === 2);
    assert.equal(sent("/v1/caption")[1].body.image, `data:image/jpeg;base64,${Buffer.from(file).toString("base64")}`);
  });

  test("on its side by EXIF: is turned before it is sent", async () => {
    await visit();
    const plain = await page.evaluate(async () => {
      const canvas = Object.assign(document.createElement("canvas"), { width: 60, height: 20 });
      const bytes = await (await new Promise((done) => canvas.toBlob(done, "image/jpeg"))).arrayBuffer();
      return [...new Uint8Array(bytes)];
    });
    const exif = Buffer.from("ffe1002245786966000049492a00080000000100120103000100000006000000000000000000".slice(0, 72), "hex");
    const turned = Buffer.concat([Buffer.from(plain.slice(0, 2)), exif, Buffer.from(plain.slice(2))]);
    await page.setInputFiles("#file", { name: "side.jpg", mimeType: "image/jpeg", buffer: turned });
    await captioned();
    assert.deepEqual(await size(sent("/v1/caption")[0].body.image), [20, 60]);
  });

  test("that is none: is told", async () => {
    await visit();
    await page.setInputFiles("#file", { name: "notes.txt", mimeType: "text/plain", buffer: Buffer.from("hello") });
    await page.getByText("This browser cannot show notes.txt").waitFor();
    assert.equal(sent("/v1/caption").length, 0);
    await shot(page, "not-a-picture");
  });

  const size = (url) =>
    page.evaluate(async (src) => {
      const image = new Image();
      image.src = src;
      await image.decode();
      return [image.naturalWidth, image.naturalHeight];
    }, url);
});

describe("captions", () => {
  test("come word by word", async () => {
    await visit({ pace: 250 });
    await page.setInputFiles("#file", EXAMPLE);
    await page.waitForFunction(() => document.querySelector("#caption-text").textContent === "two cats");
    assert.equal(await page.locator("#caption-text").getAttribute("aria-busy"), "true");
    await captioned();
    assert.equal(await page.locator("#caption-text").getAttribute("aria-busy"), "false");
    await until("an announcement", async () => (await page.locator("#announcer").textContent()) === "Caption: two cats on a couch");
  });

  test("another is sampled with a seed", async () => {
    await withPicture();
    await page.getByRole("button", { name: "Another" }).click();
    await captioned("two cats on a couch once more");
    const { temperature, top_p, num_beams, seed } = sent("/v1/caption")[1].body;
    assert.deepEqual([temperature, top_p, num_beams], [1, 0.9, 1]);
    assert.equal(Number.isSafeInteger(seed), true);
  });

  test("five come with scores", async () => {
    await withPicture();
    await page.getByRole("button", { name: "Five with scores" }).click();
    await page.locator("#captions li").nth(4).waitFor();
    const { n, num_beams, stream } = sent("/v1/caption")[1].body;
    assert.deepEqual([n, num_beams, stream], [5, 5, undefined]);
    assert.match(await text("#captions li >> nth=0"), /two cats on a couch\s+63.6 %, log p -2.00/);
    assert.deepEqual(await barriers(page), []);
    await shot(page, "captions");
  });

  test("that are slow can be stopped, which ends the request", async () => {
    await visit({ pace: 600, queue: 3 });
    await page.setInputFiles("#file", EXAMPLE);
    await page.getByText("3 waiting, 2.5 a second").waitFor();
    await shot(page, "slow");
    await page.locator("#caption-stop").click();
    await page.getByText("Stopped.").waitFor();
    await until("an abort", () => mock.aborted === 1);
    assert.equal(await page.locator("#caption-stop").isVisible(), false);
    assert.equal(await text("#status"), "ready");
  });

  test("of an old picture do not disturb those of a new one", async () => {
    await visit({ pace: 400 });
    await page.getByRole("button", { name: "A red star" }).click();
    await until("a call", () => sent("/v1/caption").length === 1);
    await page.setInputFiles("#file", EXAMPLE);
    await captioned();
    assert.equal(sent("/v1/caption").length, 2);
    assert.equal(mock.aborted, 1);
  });
});

describe("a conversation", () => {
  test("has its history, and can be cleared", async () => {
    await withPicture();
    await page.getByLabel("Question about the picture").fill("what are they?");
    await page.keyboard.press("Enter");
    await page.locator(".answer", { hasText: "they are cats" }).waitFor();
    await page.getByLabel("Question about the picture").fill("why?");
    await page.locator("#ask-form").getByRole("button", { name: "Ask" }).click();
    await page.locator(".answer", { hasText: 'because of "they are cats"' }).waitFor();
    const [first, second] = sent("/v1/answer").map((call) => call.body);
    assert.equal(first.conversation, undefined);
    assert.deepEqual(second.conversation, [{ question: "what are they?", answer: "they are cats" }]);
    assert.deepEqual(await barriers(page), []);
    await shot(page, "conversation");
    await page.getByRole("button", { name: "Clear the conversation" }).click();
    assert.equal(await page.locator(".turn").count(), 0);
    await page.locator("#suggestions button").first().click();
    await until("a call", () => sent("/v1/answer").length === 3);
    assert.equal(sent("/v1/answer")[2].body.conversation, undefined);
  });

  test("without a picture asks for one", async () => {
    await visit();
    await page.getByLabel("Question about the picture").fill("what?");
    await page.keyboard.press("Enter");
    await page.getByText("There is no picture yet").waitFor();
  });

  test("whose stream breaks says so, and does not remember half an answer", async () => {
    await withPicture({ breakAfter: "they" }, { failures: true }).catch(() => {});
    await page.locator("#caption-facts").waitFor();
    await page.getByLabel("Question about the picture").fill("what?");
    await page.keyboard.press("Enter");
    await page.getByText("The connection ended before the answer did.").waitFor();
    await page.getByText("(not finished)").waitFor();
    await shot(page, "broken-stream");
  });

  test("that fails in the middle tells the server's reason", async () => {
    await withPicture({ errorAfter: "they" });
    await page.getByLabel("Question about the picture").fill("what?");
    await page.keyboard.press("Enter");
    await page.getByText("memory: room expected").waitFor();
  });
});

describe("comparing and matching", () => {
  test("candidates get bars", async () => {
    await withPicture();
    await page.getByRole("tab", { name: "Compare" }).click();
    await page.locator("#rank-question").fill("what is it?");
    await page.getByRole("textbox", { name: "Candidates" }).fill("cats\n\n  dogs \nbirds");
    await page.getByLabel("the mean of its words").check();
    await page.locator("#rank-form").getByRole("button", { name: "Compare" }).click();
    await page.locator("#ranking li").nth(2).waitFor();
    const { question, candidates, by } = sent("/v1/rank")[0].body;
    assert.deepEqual([question, candidates, by], ["what is it?", ["cats", "dogs", "birds"], "mean"]);
    const widths = await page.locator("#ranking .bar-fill").evaluateAll((bars) => bars.map((bar) => Math.round((100 * bar.clientWidth) / bar.parentElement.clientWidth)));
    assert.deepEqual(widths, [60, 30, 20]);
    assert.deepEqual(await barriers(page), []);
    await shot(page, "compare");
  });

  test("a single candidate is none", async () => {
    await withPicture();
    await page.getByRole("tab", { name: "Compare" }).click();
    await page.getByRole("textbox", { name: "Candidates" }).fill("cats");
    await page.locator("#rank-form").getByRole("button", { name: "Compare" }).click();
    await page.getByText("At least two candidates").waitFor();
    assert.equal(sent("/v1/rank").length, 0);
  });

  test("texts get a heat map, one for each word, and a slider", async () => {
    await withPicture();
    await page.getByRole("tab", { name: "Match" }).click();
    await page.getByRole("textbox", { name: "Texts" }).fill("two pink cats\na dog");
    await page.locator("#match-form").getByRole("button", { name: "Match" }).click();
    await page.locator("#map-tools").waitFor();
    assert.match(await text("#matches li >> nth=0"), /two pink cats\s+90.0 %, cosine 0.40/);
    assert.equal(await text("#map-caption"), "Where “two pink cats” is: strongest at the upper left.");
    const spot = () =>
      page.evaluate(() => {
        const map = document.querySelector("#map");
        const alpha = (x, y) => map.getContext("2d").getImageData(x * map.width, y * map.height, 1, 1).data[3];
        return [alpha(0.25, 0.25) > 200, alpha(0.9, 0.9) < 60, alpha(0.92, 0.08) > 200];
      });
    assert.deepEqual(await spot(), [true, true, false]);
    await shot(page, "heat-map");
    await page.locator("#words button").first().hover();
    assert.deepEqual(await spot(), [false, true, true]);
    assert.equal(await text("#map-caption"), "Where “two” is: strongest at the upper right.");
    await page.mouse.move(0, 0);
    assert.deepEqual(await spot(), [true, true, false]);
    await page.locator("#words button").first().focus();
    assert.deepEqual(await spot(), [false, true, true]);
    await page.keyboard.press("Enter");
    assert.equal(await page.locator("#words button").first().getAttribute("aria-pressed"), "true");
    await page.getByLabel("Heat map").fill("20");
    assert.equal(await page.locator("#map").evaluate((map) => map.style.opacity), "0.2");
    assert.deepEqual(await barriers(page), []);
    await shot(page, "heat-map-of-a-word");
    await page.getByRole("button", { name: "a dog" }).click();
    await page.getByText("Where “a dog” is").waitFor();
    await page.keyboard.press("Escape");
    assert.equal(await page.locator("#map").isVisible(), false);
  });
});

describe("search", () => {
  test("is hidden without an index", async () => {
    await withPicture();
    assert.equal(await page.getByRole("tab", { name: "Search" }).isVisible(), false);
  });

  test("finds by words and by the picture; a found one becomes the picture", async () => {
    await withPicture({ index: { images: 1234 } });
    await page.getByRole("tab", { name: "Search" }).click();
    await page.getByLabel("Words to search for").fill("cats");
    await page.keyboard.press("Enter");
    await page.locator("#found li").nth(2).waitFor();
    assert.deepEqual(sent("/v1/search")[0].body, { text: "cats", k: 12 });
    assert.deepEqual(await barriers(page), []);
    await shot(page, "search");
    await page.getByRole("button", { name: "Find pictures like this one" }).click();
    await until("a search", () => sent("/v1/search").length === 2);
    assert.match(sent("/v1/search")[1].body.image, /^data:image\/png/);
    await page.locator("#found button").first().click();
    await until("a caption", () => sent("/v1/caption").length === 2);
    assert.match(await text("#picture-facts"), /0\.png · 8 × 8/);
  });
});

describe("settings, models, code", () => {
  test("changed settings are sent, others are not; the model's own are shown", async () => {
    await withPicture();
    await page.getByText("Generation settings").click();
    await page.getByText("in tokens. Model: 30, 10 for answers").waitFor();
    await page.getByLabel("Beams").fill("3");
    await page.getByLabel("Length penalty").fill("1,5");
    await page.getByLabel("Caption begins with").fill("a photo of");
    assert.equal(await text("#settings-changed"), "3 changed");
    assert.deepEqual(await barriers(page), []);
    await shot(page, "settings");
    await page.getByRole("button", { name: "Five with scores" }).click();
    await until("a call", () => sent("/v1/caption").length === 2);
    const { num_beams, length_penalty, prompt } = sent("/v1/caption")[1].body;
    assert.deepEqual([num_beams, length_penalty, prompt], [5, 1.5, "a photo of"]);
    await page.locator("#suggestions button").first().click();
    await until("a call", () => sent("/v1/answer").length === 1);
    assert.deepEqual(Object.keys(sent("/v1/answer")[0].body).sort(), ["image", "length_penalty", "model", "num_beams", "question", "stream"]);
    await page.getByRole("button", { name: "Back to the model's own" }).click();
    assert.equal(await text("#settings-changed"), "the model's own");
  });

  test("a setting that is no number is told beside it, and nothing is sent", async () => {
    await withPicture();
    await page.getByText("Generation settings").click();
    await page.getByLabel("Temperature").fill("warm");
    await page.getByRole("button", { name: "Five with scores" }).click();
    await page.getByText("Temperature: a number expected, got “warm”.").waitFor();
    assert.equal(await page.getByLabel("Temperature").getAttribute("aria-invalid"), "true");
    assert.equal(sent("/v1/caption").length, 1);
  });

  test("a setting that the server does not like is told beside it", async () => {
    await withPicture({ fail: { "/v1/caption": [null, { status: 400, message: "num_beams: 1 to 64 expected, got 99", param: "num_beams" }] } }, { failures: true });
    await page.getByRole("button", { name: "Five with scores" }).click();
    await page.locator("#bad-num_beams", { hasText: "1 to 64 expected" }).waitFor();
    await page.locator("#caption-notice", { hasText: "1 to 64 expected" }).waitFor();
    assert.deepEqual(await barriers(page), []);
    await shot(page, "bad-setting");
  });

  test("models are chosen; what none can do is told", async () => {
    await visit({ models: [MODELS[0], model("second", ["caption", "answer", "rank"], undefined, false)] });
    await page.setInputFiles("#file", EXAMPLE);
    await captioned();
    await page.getByLabel("Words by").selectOption("second");
    await until("a caption", () => sent("/v1/caption").length === 2);
    assert.equal(sent("/v1/caption")[1].body.model, "second");
    await page.getByRole("tab", { name: "Match" }).click();
    assert.match(await text("#match-why"), /Not available: no model of this server \(writer, second\) compares pictures with texts/);
    assert.equal(await page.locator("#match-form").isVisible(), false);
    assert.deepEqual(await barriers(page), []);
    await shot(page, "unavailable");
  });

  test("without a model that writes, captions and chat are told to be unavailable", async () => {
    await visit({ models: [MODELS[1]] });
    await page.setInputFiles("#file", EXAMPLE);
    await page.locator("#caption-why", { hasText: "writes captions" }).waitFor();
    await page.locator("#ask-why", { hasText: "answers questions" }).waitFor();
    assert.equal(sent("/v1/caption").length, 0);
    await shot(page, "no-words");
  });

  test("the last call is there as curl, Python and Java, and can be copied", async () => {
    await withPicture({}, { permissions: ["clipboard-read", "clipboard-write"] });
    await page.getByLabel("Question about the picture").fill('what\'s "it"?');
    await page.keyboard.press("Enter");
    await page.locator("#ask-facts").waitFor();
    await page.getByText("The same from code").click();
    assert.match(await text("#code-curl pre"), /--form-string 'question=what'\\''s "it"\?'/);
    await page.locator("#code-curl").getByRole("button", { name: "Copy" }).click();
    await until("a copy", async () => (await page.evaluate(() => navigator.clipboard.readText())).startsWith("curl"));
    await shot(page, "code-curl");
    await page.getByRole("tab", { name: "Python" }).click();
    assert.match(await text("#code-python pre"), /client\.chat\.completions\.create/);
    await shot(page, "code-python");
    await page.keyboard.press("ArrowRight");
    assert.match(await text("#code-java pre"), /blip2\.answer\(image, "what's \\"it\\"\?"\)/);
    assert.deepEqual(await barriers(page), []);
    await shot(page, "code-java");
  });
});

describe("a server that", () => {
  test("is busy is asked again after the time that it says", async () => {
    const busy = { status: 503, message: "queue: room for 16 requests expected, got 17", code: "server_busy", retryAfter: 60 };
    await visit({ fail: { "/v1/caption": [busy, { ...busy, retryAfter: 1 }] } }, { failures: true });
    await page.setInputFiles("#file", EXAMPLE);
    await page.getByText("The server is busy:").waitFor();
    assert.deepEqual(await barriers(page), []);
    await shot(page, "busy");
    await page.getByRole("button", { name: "Try now" }).click();
    await captioned();
    assert.equal(sent("/v1/caption").length, 3);
  });

  test("is busy for long can be stopped", async () => {
    const busy = { status: 503, message: "queue: full", retryAfter: 30 };
    await visit({ fail: { "/v1/caption": busy } }, { failures: true });
    await page.setInputFiles("#file", EXAMPLE);
    await page.getByText("The server is busy:").waitFor();
    await page.locator("#caption-stop").click();
    await page.getByText("Stopped.").waitFor();
    assert.equal(sent("/v1/caption").length, 1);
  });

  test("fails is quoted, and can be asked again", async () => {
    await visit({ fail: { "/v1/caption": [{ status: 500, message: "server: an answer expected, got a fault" }] } }, { failures: true });
    await page.setInputFiles("#file", EXAMPLE);
    await page.getByText("server: an answer expected, got a fault").waitFor();
    await page.getByText("Request request-1").waitFor();
    assert.deepEqual(await barriers(page), []);
    await shot(page, "error");
    await page.getByRole("button", { name: "Try again" }).click();
    await captioned();
  });

  test("asks for a key gets it, and the tab keeps it", async () => {
    await visit({ key: "secret" }, { failures: true });
    await page.getByLabel("API key").fill("wrong");
    await page.keyboard.press("Enter");
    await page.getByText("the server's key expected, got another").waitFor();
    assert.deepEqual(await barriers(page), []);
    await shot(page, "key", false);
    await page.getByLabel("API key").fill("secret");
    await page.getByRole("button", { name: "Go on" }).click();
    await page.getByText("Words by").first().waitFor();
    await page.reload();
    await page.getByText("Words by").first().waitFor();
    assert.equal(await page.evaluate(() => sessionStorage.getItem("blip2.key")), "secret");
    assert.equal(sent("/v1/models").at(-1).authorization, "Bearer secret");
    await page.setInputFiles("#file", EXAMPLE);
    await captioned();
    assert.match(await page.locator("#code-curl pre").textContent(), /Bearer \$BLIP2_API_KEY/);
    assert.doesNotMatch(await page.content(), /secret/);
  });

  test("is not given a key says why nothing works; Escape closes the question", async () => {
    await visit({ key: "secret" }, { failures: true });
    await page.keyboard.press("Escape");
    await page.locator("#caption-notice", { hasText: "key expected" }).waitFor();
    await page.getByRole("button", { name: "Key" }).click();
    await page.getByLabel("API key").fill("secret");
    await page.keyboard.press("Enter");
    await page.getByText("Words by").first().waitFor();
  });

  test("loads is waited for", async () => {
    mock.behave({ loading: true });
    page = await open(browser, mock.url, { failures: true });
    await page.getByText("the model is loading").waitFor();
    mock.behave({});
    await page.getByText("ready").waitFor();
  });

  test("has gone is told", async () => {
    await withPicture({}, { failures: true });
    await page.context().setOffline(true);
    await page.getByRole("button", { name: "Another" }).click();
    await page.getByText("The server cannot be reached").waitFor();
    await page.context().setOffline(false);
    await page.getByRole("button", { name: "Try again" }).click();
    await captioned("two cats on a couch once more");
  });
});

describe("everybody", () => {
  test("reaches everything by keyboard alone, and sees where they are", async () => {
    await visit({ index: { images: 3 } });
    const reached = new Set();
    const walk = async (most) => {
      for (let i = 0; i < most; i++) {
        await page.keyboard.press("Tab");
        const at = await page.evaluate(() => {
          const e = document.activeElement;
          if (e === document.body) return null;
          const style = getComputedStyle(e);
          const box = e.getBoundingClientRect();
          const inView = box.bottom > 0 && box.top < innerHeight;
          return { id: e.id || e.textContent.trim() || e.firstElementChild?.alt, outline: style.outlineStyle !== "none" && parseFloat(style.outlineWidth) >= 2, inView };
        });
        if (at === null) continue; // the browser's own buttons
        if (reached.has(at.id)) return;
        assert.equal(at.outline, true, `no visible focus: ${at.id}`);
        assert.equal(at.inView, true, `out of view: ${at.id}`);
        reached.add(at.id);
      }
    };
    await page.keyboard.press("Tab");
    assert.equal(await page.evaluate(() => document.activeElement.className), "skip");
    await page.keyboard.press("Enter");
    assert.equal(await page.evaluate(() => document.activeElement.id), "caption");
    await page.locator("#choose").focus();
    await page.keyboard.press("Shift+Tab");
    await walk(60);
    for (const id of ["choose", "photograph", "as-it-is", "A red star", "tab-ask", "question", "Ask", "Generation settings the model's own"]) {
      assert.equal([...reached].some((one) => one === id || one.startsWith(id)), true, `${id} expected among ${[...reached]}`);
    }
    await page.getByRole("button", { name: "A red star" }).focus();
    await page.keyboard.press("Enter");
    await captioned();
    await page.locator("#tab-ask").focus();
    await page.keyboard.press("ArrowRight");
    assert.equal(await page.locator("#rank").isVisible(), true);
    await page.keyboard.press("End");
    assert.equal(await page.locator("#search").isVisible(), true);
    await page.keyboard.press("ArrowRight");
    assert.equal(await page.locator("#ask").isVisible(), true);
    await page.keyboard.press("ArrowLeft");
    await page.keyboard.press("ArrowLeft");
    await page.keyboard.press("Tab");
    await page.keyboard.press("Tab");
    await page.keyboard.press("Enter");
    await page.locator("#map-tools").waitFor();
  });

  for (const [name, options] of [["dark", DARK], ["small", SMALL], ["small-dark", { ...SMALL, ...DARK }]]) {
    test(`${name}: every part is readable`, async () => {
      await visit({ index: { images: 3 } }, options);
      assert.deepEqual(await barriers(page), []);
      await shot(page, `${name}-empty`);
      await page.setInputFiles("#file", EXAMPLE);
      await captioned();
      await page.locator("#suggestions button").first().click();
      await page.locator("#ask-facts").waitFor();
      assert.deepEqual(await barriers(page), []);
      await shot(page, `${name}-ask`);
      await page.getByRole("button", { name: "Five with scores" }).click();
      await page.locator("#captions li").nth(4).waitFor();
      await page.getByRole("tab", { name: "Compare" }).click();
      await page.locator("#rank-form [type=submit]").click();
      await page.locator("#ranking li").nth(3).waitFor();
      assert.deepEqual(await barriers(page), []);
      await shot(page, `${name}-compare`);
      await page.getByRole("tab", { name: "Match" }).click();
      await page.locator("#match-form [type=submit]").click();
      await page.locator("#map-tools").waitFor();
      await page.getByText("Generation settings").click();
      await page.getByText("The same from code").click();
      assert.deepEqual(await barriers(page), []);
      await shot(page, `${name}-match`);
      await page.locator("#words").scrollIntoViewIfNeeded();
      await shot(page, `${name}-match-view`, false);
      await page.getByRole("tab", { name: "Search" }).click();
      await page.getByLabel("Words to search for").fill("cats");
      await page.keyboard.press("Enter");
      await page.locator("#found li").nth(2).waitFor();
      assert.deepEqual(await barriers(page), []);
      await shot(page, `${name}-search`);
    });
  }

  test("who wants no motion sees none", async () => {
    await visit({ pace: 300 }, { reducedMotion: "reduce" });
    await page.setInputFiles("#file", EXAMPLE);
    await until("a call", () => sent("/v1/caption").length === 1);
    assert.equal(await page.evaluate(() => document.getAnimations().length), 0);
    await captioned();
  });

  test("is safe from markup in answers and names", async () => {
    const evil = '<img src=x onerror="document.title=1">';
    await visit({ found: [{ id: 1, score: 1, path: `${evil}.png`, thumbnail: "page/examples/1.png" }], index: true, models: [model(evil, ["caption", "answer", "rank"]), MODELS[1]] });
    await page.setInputFiles("#file", { name: `${evil}.png`, mimeType: "image/png", buffer: await readFile(EXAMPLE) });
    await captioned();
    await page.getByLabel("Question about the picture").fill(evil);
    await page.keyboard.press("Enter");
    await page.locator("#ask-facts").waitFor();
    assert.equal(await page.locator("img[src=x]").count(), 0);
    assert.equal(await page.title(), "blip2: pictures and words");
  });
});
