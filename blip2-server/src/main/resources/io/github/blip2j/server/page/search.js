import { $, announce, el, facts, show } from "./dom.js";
import { blobOf } from "./picture.js";
import { Task } from "./task.js";

const MOST = 12;

/** Search over the pictures that the server has indexed; hidden while there is no index. */
export class Search {
  constructor(app) {
    this.app = app;
    this.task = new Task({
      starts: [$("search-form").querySelector("[type=submit]"), $("alike")],
      stop: $("search-stop"),
      notice: $("search-notice"),
      status: app.status,
    });
    $("search-form").addEventListener("submit", (event) => {
      event.preventDefault();
      const text = $("query").value.trim();
      if (!this.task.running && text !== "") this.search({ text });
    });
    $("alike").addEventListener("click", () => {
      if (this.task.running) return;
      if (this.app.picture.current) this.search({ image: this.app.picture.current.dataUrl });
      else this.task.say("There is no picture yet. Drop one, or choose an example.");
    });
  }

  /** Asks whether there is an index, and shows the tab if so. */
  async refresh() {
    try {
      const { index } = await this.app.api.get("v1/status");
      show($("tab-search"), Boolean(index));
      if (index?.images) $("search-lead").textContent = `Find pictures among ${index.images}, by words or by the picture that is shown.`;
    } catch {
      // no index that we know of
    }
  }

  search(query) {
    this.task.run(async (signal) => {
      show($("found"), false);
      const began = performance.now();
      this.app.called("search", { ...query, k: MOST });
      const { results, timing_ms: timing, model } = await this.app.api.post("v1/search", { ...query, k: MOST }, signal);
      const items = await Promise.all(results.map((one) => this.#item(one, signal)));
      $("found").querySelectorAll("img").forEach((img) => URL.revokeObjectURL(img.src));
      $("found").replaceChildren(...items);
      show($("found"), true);
      facts($("search-facts"), model, timing, performance.now() - began);
      announce(results.length === 0 ? "Nothing was found" : `${results.length} pictures found`);
      if (results.length === 0) this.task.say("Nothing was found.");
    });
  }

  /** A small picture, or null if the photo cannot be shown. */
  async #picture(thumbnail, signal) {
    if (!thumbnail) return null;
    if (thumbnail.startsWith("data:")) return blobOf(thumbnail);
    try {
      return await this.app.api.file(thumbnail.replace(/^\//, ""), signal); // below the page, whatever its prefix
    } catch (e) {
      if (e.status === 404) return null;
      throw e;
    }
  }

  async #item(result, signal) {
    const name = result.path.split(/[\\/]/).pop();
    const blob = await this.#picture(result.thumbnail, signal);
    if (!blob) return el("li", {}, el("span", { class: "name", title: result.path }, name), el("span", { class: "small" }, "gone or changed since it was indexed"));
    return el(
      "li",
      {},
      el(
        "button",
        {
          type: "button",
          title: `${result.path}: take it as the picture`,
          on: { click: () => this.app.picture.take(new File([blob], name, { type: blob.type })) },
        },
        el("img", { src: URL.createObjectURL(blob), alt: "" }),
        el("span", { class: "name" }, name),
        el("span", { class: "small" }, result.score.toFixed(3)),
      ),
    );
  }
}
