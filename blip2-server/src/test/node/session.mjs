// One browser, one mock server and one page at a time, for the tests of a file.
import assert from "node:assert/strict";
import { after, afterEach, before } from "node:test";
import { EXAMPLE, launch, open } from "./browser.mjs";
import { serve } from "./mock.mjs";

/** Sets a file's tests up; each test that opened a page must have left it without faults. */
export function session() {
  const s = {
    /** Opens the page on a server that behaves so. */
    async visit(how = {}, options = {}) {
      s.mock.behave(how);
      s.page = await open(s.browser, s.mock.url, options);
      await s.page.getByText("Words by").or(s.page.locator("#caption-why:visible")).or(s.page.locator("dialog[open]")).first().waitFor();
      return s.page;
    },

    /** The same, with a picture and its caption. */
    async withPicture(how, options) {
      await s.visit(how, options);
      await s.page.setInputFiles("#file", EXAMPLE);
      await s.captioned();
    },

    captioned: (words = "two cats on a couch") =>
      s.page.waitForFunction((text) => document.querySelector("#caption-facts:not([hidden])") && document.querySelector("#caption-text").textContent === text, words),

    /** The calls of a path since the page was opened. */
    sent: (path) => s.mock.calls.filter((call) => call.path === path),

    text: (selector) => s.page.locator(selector).innerText(),
  };
  before(async () => {
    s.browser = await launch();
    s.mock = await serve();
  });
  after(async () => {
    await s.browser?.close();
    s.mock?.close();
  });
  afterEach(async () => {
    if (!s.page) return;
    const { faults } = s.page;
    await s.page.context().close();
    s.page = undefined;
    assert.deepEqual(faults, []);
  });
  return s;
}

/** Waits for what no selector tells. */
export async function until(what, holds) {
  for (let i = 0; i < 200; i++) {
    if (await holds()) return;
    await new Promise((done) => setTimeout(done, 50));
  }
  assert.fail(`${what}: expected within 10 s`);
}
