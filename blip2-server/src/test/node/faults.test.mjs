// Servers that are busy, broken, locked, loading or gone.
// Usage: node --test faults.test.mjs
import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { barriers, EXAMPLE, open, shot } from "./browser.mjs";
import { session } from "./session.mjs";

const s = session();

describe("a server that", () => {
  test("is busy is asked again after the time that it says", async () => {
    const busy = { status: 503, message: "queue: room for 16 requests expected, got 17", code: "server_busy", retryAfter: 60 };
    await s.visit({ fail: { "/v1/caption": [busy, { ...busy, retryAfter: 1 }] } }, { failures: true });
    await s.page.setInputFiles("#file", EXAMPLE);
    await s.page.getByText("The server is busy:").waitFor();
    assert.deepEqual(await barriers(s.page), []);
    await shot(s.page, "busy");
    await s.page.getByRole("button", { name: "Try now" }).click();
    await s.captioned();
    assert.equal(s.sent("/v1/caption").length, 3);
  });

  test("is busy for long can be stopped", async () => {
    const busy = { status: 503, message: "queue: full", retryAfter: 30 };
    await s.visit({ fail: { "/v1/caption": busy } }, { failures: true });
    await s.page.setInputFiles("#file", EXAMPLE);
    await s.page.getByText("The server is busy:").waitFor();
    await s.page.locator("#caption-stop").click();
    await s.page.getByText("Stopped.").waitFor();
    assert.equal(s.sent("/v1/caption").length, 1);
  });

  test("fails is quoted, and can be asked again", async () => {
    await s.visit({ fail: { "/v1/caption": [{ status: 500, message: "server: an answer expected, got a fault" }] } }, { failures: true });
    await s.page.setInputFiles("#file", EXAMPLE);
    await s.page.getByText("server: an answer expected, got a fault").waitFor();
    await s.page.getByText("Request request-1").waitFor();
    assert.deepEqual(await barriers(s.page), []);
    await shot(s.page, "error");
    await s.page.getByRole("button", { name: "Try again" }).click();
    await s.captioned();
  });

  test("asks for a key gets it, and the tab keeps it", async () => {
    await s.visit({ key: "secret" }, { failures: true });
    await s.page.getByLabel("API key").fill("wrong");
    await s.page.keyboard.press("Enter");
    await s.page.getByText("the server's key expected, got another").waitFor();
    assert.deepEqual(await barriers(s.page), []);
    await shot(s.page, "key", false);
    await s.page.getByLabel("API key").fill("secret");
    await s.page.getByRole("button", { name: "Go on" }).click();
    await s.page.getByText("Words by").first().waitFor();
    await s.page.reload();
    await s.page.getByText("Words by").first().waitFor();
    assert.equal(await s.page.evaluate(() => sessionStorage.getItem("blip2.key")), "secret");
    assert.equal(s.sent("/v1/models").at(-1).authorization, "Bearer secret");
    await s.page.setInputFiles("#file", EXAMPLE);
    await s.captioned();
    assert.match(await s.page.locator("#code-curl pre").textContent(), /Bearer \$BLIP2_API_KEY/);
    assert.doesNotMatch(await s.page.content(), /secret/);
  });

  test("is not given a key says why nothing works; Escape closes the question", async () => {
    await s.visit({ key: "secret" }, { failures: true });
    await s.page.keyboard.press("Escape");
    await s.page.locator("#caption-notice", { hasText: "key expected" }).waitFor();
    await s.page.getByRole("button", { name: "Key" }).click();
    await s.page.getByLabel("API key").fill("secret");
    await s.page.keyboard.press("Enter");
    await s.page.getByText("Words by").first().waitFor();
  });

  test("loads is waited for", async () => {
    s.mock.behave({ loading: true });
    s.page = await open(s.browser, s.mock.url, { failures: true });
    await s.page.locator("#status", { hasText: "the model is loading" }).waitFor();
    s.mock.behave({});
    await s.page.locator("#status", { hasText: "ready" }).waitFor();
  });

  test("has gone is told", async () => {
    await s.withPicture({}, { failures: true });
    await s.page.context().setOffline(true);
    await s.page.getByRole("button", { name: "Another" }).click();
    await s.page.getByText("The server cannot be reached").waitFor();
    await s.page.context().setOffline(false);
    await s.page.getByRole("button", { name: "Try again" }).click();
    await s.captioned("two cats on a couch once more");
  });
});
