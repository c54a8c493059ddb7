// Starts a browser, and tells what a page did wrong.
import { existsSync, mkdirSync } from "node:fs";
import { readFile } from "node:fs/promises";
import { createRequire } from "node:module";
import { fileURLToPath } from "node:url";
import { chromium } from "playwright-core";

const AXE = createRequire(import.meta.url).resolve("axe-core/axe.min.js");
const CANDIDATES = [process.env.CHROMIUM, "/usr/bin/chromium", "/usr/bin/chromium-browser", "/usr/bin/google-chrome"];

export const SHOTS = process.env.SCREENSHOTS ?? fileURLToPath(new URL("../../../target/screenshots/", import.meta.url));
export const EXAMPLE = fileURLToPath(new URL("../../main/resources/io/github/blip2j/server/page/examples/1.png", import.meta.url));

export function launch() {
  mkdirSync(SHOTS, { recursive: true });
  return chromium.launch({
    executablePath: CANDIDATES.find((path) => path && existsSync(path)),
    args: ["--no-sandbox", "--use-fake-device-for-media-stream", "--use-fake-ui-for-media-stream"],
  });
}

/**
 * Opens the page in a window of its own.
 *
 * `page.faults` lists console errors, exceptions, breaches of the policy and requests elsewhere;
 * failed loads are listed unless `options.failures` says that the test wants them.
 */
export async function open(browser, url, { failures = false, ...options } = {}) {
  const context = await browser.newContext({ viewport: { width: 1280, height: 900 }, ...options });
  const page = await context.newPage();
  page.setDefaultTimeout(20_000);
  page.faults = [];
  const fault = (words) => page.faults.push(words);
  page.on("console", (message) => {
    const wanted = failures && /Failed to load resource|net::ERR/.test(message.text());
    if (message.type() === "error" && !wanted) fault(`console: ${message.text()}`);
  });
  page.on("pageerror", (error) => fault(`exception: ${error}`));
  page.on("request", (request) => {
    const to = new URL(request.url());
    if (!["data:", "blob:"].includes(to.protocol) && to.origin !== new URL(url).origin) fault(`elsewhere: ${to}`);
  });
  await page.addInitScript(() => {
    document.addEventListener("securitypolicyviolation", (e) => console.error(`policy: ${e.violatedDirective} ${e.blockedURI}`));
  });
  await page.goto(url);
  return page;
}

/** A picture of the page for people to look at. */
export async function shot(page, name, whole = true) {
  await page.waitForTimeout(500);
  await page.screenshot({ path: `${SHOTS}/${name}.png`, fullPage: whole });
}

/** What axe-core, and our own checks, find wrong with the page as it is now. */
export async function barriers(page) {
  await page.evaluate(await readFile(AXE, "utf8")); // by the debugger, which the page's policy does not bind
  const found = await page.evaluate(async () => {
    const rules = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"];
    const { violations } = await globalThis.axe.run(document, { runOnly: rules });
    return violations.map(({ id, nodes }) => `${id}: ${nodes.map((node) => `${node.target} (${node.failureSummary})`).join("; ")}`);
  });
  return [...found, ...(await own(page))];
}

/** Names, headings, contrast and widths, by our own reckoning. */
async function own(page) {
  return page.evaluate(() => {
    const wrong = [];
    const seen = (e) => e.checkVisibility({ opacityProperty: true, visibilityProperty: true });
    const named = (e) =>
      e.getAttribute("aria-label") ||
      (e.getAttribute("aria-labelledby") ?? "").split(" ").map((id) => document.getElementById(id)?.textContent ?? "").join("").trim() ||
      [...(e.labels ?? [])].map((label) => label.textContent).join("").trim() ||
      e.textContent.trim() ||
      e.querySelector("img")?.alt;
    for (const e of document.querySelectorAll("button, input, select, textarea, summary, a[href]")) {
      if (seen(e) && !named(e)) wrong.push(`no name: ${e.outerHTML.slice(0, 100)}`);
    }
    let level = 0;
    for (const heading of document.querySelectorAll("h1, h2, h3, h4")) {
      if (!heading.checkVisibility()) continue;
      const own = Number(heading.tagName[1]);
      if (own > level + 1) wrong.push(`heading of level ${own} after ${level}: ${heading.textContent}`);
      level = own;
    }
    if (document.documentElement.scrollWidth > innerWidth) wrong.push(`${document.documentElement.scrollWidth} pixels wide in a window of ${innerWidth}`);

    const pen = Object.assign(document.createElement("canvas"), { width: 1, height: 1 }).getContext("2d", { willReadFrequently: true });
    const rgba = (colour, under) => {
      pen.clearRect(0, 0, 1, 1);
      if (under) {
        pen.fillStyle = under;
        pen.fillRect(0, 0, 1, 1);
      }
      pen.fillStyle = colour;
      pen.fillRect(0, 0, 1, 1);
      return pen.getImageData(0, 0, 1, 1).data;
    };
    const css = ([r, g, b]) => `rgb(${r} ${g} ${b})`;
    const behind = (e) => {
      const chain = [];
      for (let at = e; at; at = at.parentElement) chain.unshift(getComputedStyle(at).backgroundColor);
      return chain.reduce((under, colour) => css(rgba(colour, under)), getComputedStyle(document.documentElement).colorScheme === "dark" ? "black" : "white");
    };
    const light = ([r, g, b]) => {
      const linear = (c) => (c / 255 <= 0.04045 ? c / 255 / 12.92 : ((c / 255 + 0.055) / 1.055) ** 2.4);
      return 0.2126 * linear(r) + 0.7152 * linear(g) + 0.0722 * linear(b);
    };
    const walk = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
    while (walk.nextNode()) {
      const e = walk.currentNode.parentElement;
      if (walk.currentNode.data.trim() === "" || !seen(e) || e.closest(".hidden, :disabled, [aria-hidden=true], .skip, noscript, script, option")) continue;
      const style = getComputedStyle(e);
      const back = behind(e);
      const [a, b] = [light(rgba(style.color, back)), light(rgba(back))];
      const contrast = (Math.max(a, b) + 0.05) / (Math.min(a, b) + 0.05);
      const large = parseFloat(style.fontSize) >= 24 || (parseFloat(style.fontSize) >= 18.66 && style.fontWeight >= 700);
      if (contrast < (large ? 3 : 4.5)) wrong.push(`contrast ${contrast.toFixed(2)}: ${walk.currentNode.data.trim().slice(0, 40)}`);
    }
    return wrong;
  });
}
