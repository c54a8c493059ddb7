// Keyboard, colours, small screens, motion, and what others write.
// Usage: node --test everybody.test.mjs
import assert from "node:assert/strict";
import { readFile } from "node:fs/promises";
import { describe, test } from "node:test";
import { barriers, EXAMPLE, shot } from "./browser.mjs";
import { model, MODELS } from "./mock.mjs";
import { session, until } from "./session.mjs";

const s = session();

const DARK = { colorScheme: "dark" };
const SMALL = { viewport: { width: 320, height: 640 } };

describe("everybody", () => {
  test("reaches everything by keyboard alone, and sees where they are", async () => {
    await s.visit({ index: { images: 3 } });
    const reached = new Set();
    const walk = async (most) => {
      for (let i = 0; i < most; i++) {
        await s.page.keyboard.press("Tab");
        const at = await s.page.evaluate(() => {
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
    await s.page.keyboard.press("Tab");
    assert.equal(await s.page.evaluate(() => document.activeElement.className), "skip");
    await s.page.keyboard.press("Enter");
    assert.equal(await s.page.evaluate(() => document.activeElement.id), "caption");
    await s.page.locator("#choose").focus();
    await s.page.keyboard.press("Shift+Tab");
    await walk(60);
    for (const id of ["choose", "photograph", "as-it-is", "Four Christmas trees", "tab-ask", "question", "Ask", "Generation settings the model's own"]) {
      assert.equal([...reached].some((one) => one === id || one.startsWith(id)), true, `${id} expected among ${[...reached]}`);
    }
    await s.page.getByRole("button", { name: "Four Christmas trees" }).focus();
    await s.page.keyboard.press("Enter");
    await s.captioned();
    await s.page.locator("#tab-ask").focus();
    await s.page.keyboard.press("ArrowRight");
    assert.equal(await s.page.locator("#rank").isVisible(), true);
    await s.page.keyboard.press("End");
    assert.equal(await s.page.locator("#search").isVisible(), true);
    await s.page.keyboard.press("ArrowRight");
    assert.equal(await s.page.locator("#ask").isVisible(), true);
    await s.page.keyboard.press("ArrowLeft");
    await s.page.keyboard.press("ArrowLeft");
    await s.page.keyboard.press("Tab");
    await s.page.keyboard.press("Tab");
    await s.page.keyboard.press("Enter");
    await s.page.locator("#map-tools").waitFor();
  });

  for (const [name, options] of [["dark", DARK], ["small", SMALL], ["small-dark", { ...SMALL, ...DARK }]]) {
    test(`${name}: every part is readable`, async () => {
      await s.visit({ index: { images: 3 } }, options);
      assert.deepEqual(await barriers(s.page), []);
      await shot(s.page, `${name}-empty`);
      await s.page.setInputFiles("#file", EXAMPLE);
      await s.captioned();
      await s.page.locator("#suggestions button").first().click();
      await s.page.locator("#ask-facts").waitFor();
      assert.deepEqual(await barriers(s.page), []);
      await shot(s.page, `${name}-ask`);
      await s.page.getByRole("button", { name: "Five with scores" }).click();
      await s.page.locator("#captions li").nth(4).waitFor();
      await s.page.getByRole("tab", { name: "Compare" }).click();
      await s.page.locator("#rank-form [type=submit]").click();
      await s.page.locator("#ranking li").nth(3).waitFor();
      assert.deepEqual(await barriers(s.page), []);
      await shot(s.page, `${name}-compare`);
      await s.page.getByRole("tab", { name: "Match" }).click();
      await s.page.locator("#match-form [type=submit]").click();
      await s.page.locator("#map-tools").waitFor();
      await s.page.getByText("Generation settings").click();
      await s.page.getByText("The same from code").click();
      assert.deepEqual(await barriers(s.page), []);
      await shot(s.page, `${name}-match`);
      await s.page.locator("#words").scrollIntoViewIfNeeded();
      await shot(s.page, `${name}-match-view`, false);
      await s.page.getByRole("tab", { name: "Search" }).click();
      await s.page.getByLabel("Words to search for").fill("cats");
      await s.page.keyboard.press("Enter");
      await s.page.locator("#found li").nth(2).waitFor();
      assert.deepEqual(await barriers(s.page), []);
      await shot(s.page, `${name}-search`);
    });
  }

  test("who wants no motion sees none", async () => {
    await s.visit({ pace: 300 }, { reducedMotion: "reduce" });
    await s.page.setInputFiles("#file", EXAMPLE);
    await until("a call", () => s.sent("/v1/caption").length === 1);
    assert.equal(await s.page.evaluate(() => document.getAnimations().length), 0);
    await s.captioned();
  });

  test("is safe from markup in answers and names", async () => {
    const evil = '<img src=x onerror="document.title=1">';
    const found = [{ id: 1, score: 1, path: `${evil}.png`, thumbnail: "page/examples/1.png" }];
    await s.visit({ found, index: true, words: evil, models: [model(evil, ["caption", "answer", "rank"]), MODELS[1]] });
    await s.page.setInputFiles("#file", { name: `${evil}.png`, mimeType: "image/png", buffer: await readFile(EXAMPLE) });
    await s.captioned(evil);
    await s.page.getByRole("button", { name: "Five with scores" }).click();
    await s.page.locator("#captions li").nth(4).waitFor();
    await s.page.getByLabel("Question about the picture").fill(evil);
    await s.page.keyboard.press("Enter");
    await s.page.locator("#ask-facts").waitFor();
    for (const [tab, field, list] of [["Compare", "candidates", "#ranking"], ["Match", "texts", "#words"], ["Search", "query", "#found"]]) {
      await s.page.getByRole("tab", { name: tab }).click();
      await s.page.locator(`#${field}`).fill(tab === "Compare" ? `${evil}\ncats` : evil);
      await s.page.locator(`#${tab === "Compare" ? "rank" : tab.toLowerCase()}-form [type=submit]`).click();
      await s.page.locator(list).waitFor();
    }
    assert.equal(await s.page.locator("img[src=x]").count(), 0);
    assert.equal(await s.page.title(), "blip2: pictures and words");
  });
});
