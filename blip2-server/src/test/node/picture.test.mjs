// Pictures: how they come, and what is sent.
// Usage: node --test picture.test.mjs
import assert from "node:assert/strict";
import { readFile } from "node:fs/promises";
import { describe, test } from "node:test";
import { barriers, EXAMPLE, shot } from "./browser.mjs";
import { session, until } from "./session.mjs";

const s = session();

describe("a picture", () => {
  test("chosen: is captioned by itself, and sent as its bytes are", async () => {
    await s.withPicture();
    const [{ body }] = s.sent("/v1/caption");
    assert.equal(body.model, "writer");
    assert.equal(body.stream, true);
    assert.equal(body.image, `data:image/png;base64,${(await readFile(EXAMPLE)).toString("base64")}`);
    assert.deepEqual(Object.keys(body).sort(), ["image", "model", "stream"]);
    assert.equal(await s.page.locator("#shown").getAttribute("alt"), "two cats on a couch");
    assert.match(await s.text("#caption-facts"), /212 ms · 12 ms of it waiting · writer/);
    assert.match(await s.text("#kernels"), /Kernels: mock/);
    assert.deepEqual(await barriers(s.page), []);
    await shot(s.page, "caption");
  });

  test("an example", async () => {
    await s.visit();
    await s.page.getByRole("button", { name: "Four Christmas trees" }).click();
    await s.captioned();
    assert.equal(await s.text("#suggestions button >> nth=0"), "how many christmas trees are there?");
  });

  test("dropped, also two at once, and what is no file", async () => {
    await s.visit();
    const drop = (files, words) =>
      s.page.evaluate(
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
    await s.captioned();
    assert.match(await s.text("#picture-facts"), /a\.png · 320 × 320 · \d+ bytes|kB/);
    await drop(["b.png", "c.png"]);
    await until("a notice", async () => (await s.text("#picture-notice")).includes("The first of 2 files"));
    await drop([], "https://example.org/cat.png");
    assert.match(await s.text("#picture-notice"), /Only files can be dropped/);
  });

  test("pasted", async () => {
    await s.visit();
    await s.page.evaluate(async () => {
      const clipboardData = new DataTransfer();
      clipboardData.items.add(new File([await (await fetch("page/examples/2.png")).blob()], "pasted.png", { type: "image/png" }));
      document.dispatchEvent(new ClipboardEvent("paste", { clipboardData, bubbles: true, cancelable: true }));
    });
    await s.captioned();
    assert.match(await s.text("#picture-facts"), /pasted\.png/);
  });

  test("photographed; Escape closes the camera", async () => {
    await s.visit();
    await s.page.getByRole("button", { name: "Photograph" }).click();
    await s.page.waitForFunction(() => !document.querySelector("#camera-take").disabled);
    assert.deepEqual(await barriers(s.page), []);
    await shot(s.page, "camera", false);
    await s.page.keyboard.press("Escape");
    assert.equal(await s.page.locator("#camera").isVisible(), false);
    await s.page.getByRole("button", { name: "Photograph" }).click();
    await s.page.waitForFunction(() => !document.querySelector("#camera-take").disabled);
    await s.page.getByRole("button", { name: "Take it" }).click();
    await s.captioned();
    assert.match(s.sent("/v1/caption")[0].body.image, /^data:image\/jpeg;base64,/);
    assert.equal(await s.page.evaluate(() => document.querySelector("#camera-view").srcObject), null);
  });

  test("large: is scaled to 1024 pixels unless it is to be sent as it is", async () => {
    await s.visit();
    const file = await s.page.evaluate(async () => {
      const canvas = Object.assign(document.createElement("canvas"), { width: 3000, height: 1500 });
      canvas.getContext("2d").fillRect(0, 0, 1500, 1500);
      const bytes = await (await new Promise((done) => canvas.toBlob(done, "image/jpeg", 0.5))).arrayBuffer();
      return [...new Uint8Array(bytes)];
    });
    await s.page.setInputFiles("#file", { name: "large.jpg", mimeType: "image/jpeg", buffer: Buffer.from(file) });
    await s.captioned();
    assert.match(await s.text("#picture-facts"), /3000 × 1500, sent as 1024 × 512/);
    assert.deepEqual(await size(s.sent("/v1/caption")[0].body.image), [1024, 512]);
    await s.page.getByLabel("Send files as they are").check();
    await until("a second caption", () => s.sent("/v1/caption").length === 2);
    assert.equal(s.sent("/v1/caption")[1].body.image, `data:image/jpeg;base64,${Buffer.from(file).toString("base64")}`);
  });

  test("on its side by EXIF: is turned before it is sent", async () => {
    await s.visit();
    const plain = await s.page.evaluate(async () => {
      const canvas = Object.assign(document.createElement("canvas"), { width: 60, height: 20 });
      const bytes = await (await new Promise((done) => canvas.toBlob(done, "image/jpeg"))).arrayBuffer();
      return [...new Uint8Array(bytes)];
    });
    const exif = Buffer.from("ffe1002245786966000049492a00080000000100120103000100000006000000000000000000".slice(0, 72), "hex");
    const turned = Buffer.concat([Buffer.from(plain.slice(0, 2)), exif, Buffer.from(plain.slice(2))]);
    await s.page.setInputFiles("#file", { name: "side.jpg", mimeType: "image/jpeg", buffer: turned });
    await s.captioned();
    const [{ body }] = s.sent("/v1/caption");
    assert.equal(Buffer.from(body.image.split(",")[1], "base64").includes("Exif"), false);
    assert.deepEqual(await size(body.image), [20, 60]);
  });

  test("that is none: is told", async () => {
    await s.visit();
    await s.page.setInputFiles("#file", { name: "notes.txt", mimeType: "text/plain", buffer: Buffer.from("hello") });
    await s.page.getByText("This browser cannot show notes.txt").waitFor();
    assert.equal(s.sent("/v1/caption").length, 0);
    await shot(s.page, "not-a-picture");
  });

  const size = (url) =>
    s.page.evaluate(async (src) => {
      const image = new Image();
      image.src = src;
      await image.decode();
      return [image.naturalWidth, image.naturalHeight];
    }, url);
});
