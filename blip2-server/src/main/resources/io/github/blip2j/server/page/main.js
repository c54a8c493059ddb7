import { Api } from "./api.js";
import { Ask } from "./ask.js";
import { camera } from "./camera.js";
import { Caption } from "./caption.js";
import { Code } from "./code.js";
import { $, show } from "./dom.js";
import { ANY, drawn, examples } from "./examples.js";
import { keyDialog } from "./key.js";
import { Match } from "./match.js";
import { Models } from "./models.js";
import { Picture } from "./picture.js";
import { Rank } from "./rank.js";
import { Search } from "./search.js";
import { Settings } from "./settings.js";
import { Status } from "./status.js";
import { tabs } from "./tabs.js";

/** What the parts of the page share. */
class App {
  constructor() {
    this.api = new Api((message) => this.#askKey(message));
    this.status = new Status(this.api);
    this.models = new Models(this.api);
    this.settings = new Settings(this.models);
    this.picture = new Picture();
    this.code = new Code(this.api);
    this.caption = new Caption(this);
    this.parts = [this.caption, new Ask(this), new Rank(this), new Match(this), new Search(this)];
  }

  /** What to try with the picture. */
  hints() {
    const { example } = this.picture.current ?? {};
    return example ? drawn(example) : ANY;
  }

  /** The body of a request about the picture; the call is shown as code from then on. */
  body(task, fields) {
    const model = this.models.for(task)?.id;
    this.called(task, fields);
    return { model, image: this.picture.current.dataUrl, ...fields };
  }

  called(task, fields) {
    const { image, ...rest } = fields;
    this.code.show({
      task,
      model: task === "search" ? undefined : this.models.for(task)?.id,
      file: this.picture.current?.name ?? "photo.jpg",
      fields: rest,
    });
  }

  /** A seed for one sampled text. */
  seed() {
    return crypto.getRandomValues(new Uint32Array(1))[0];
  }

  /** After an answer, models that were loaded for it tell their settings. */
  answered() {
    const unknown = ["caption", "match"].some((task) => this.models.for(task)?.blip2.loaded === false);
    if (unknown) this.models.load().catch(() => {});
  }

  async start() {
    tabs(document.querySelector(".results [role=tablist]"));
    examples((file, example) => this.picture.take(file, example));
    camera((photograph) => this.picture.take(photograph));
    this.models.addEventListener("change", (event) => {
      this.parts.forEach((part) => part.refresh());
      if (event.detail === "words" && this.picture.current) this.caption.begin();
    });
    this.picture.addEventListener("change", () => {
      this.parts.forEach((part) => part.clear?.());
      this.parts.forEach((part) => part.refresh());
      this.caption.begin();
    });
    this.called("caption", {});
    await this.status.untilReady();
    await this.#load();
  }

  async #load() {
    try {
      await this.models.load();
      if (this.api.key !== "") show($("key-button"), true);
      this.called("caption", {});
    } catch (e) {
      this.caption.task.say("", "error");
      $("caption-notice").append(e.message);
      show($("caption-notice"), true);
    }
  }

  async #askKey(message) {
    const key = await keyDialog(this.api.key === "" ? "" : message);
    show($("key-button"), true);
    return key;
  }

  /** Asks for another key. */
  async newKey() {
    const key = await keyDialog("");
    if (key === null) return;
    this.api.key = key;
    this.caption.task.say("");
    await this.#load();
  }
}

const app = new App();
$("key-button").addEventListener("click", () => app.newKey());
app.start();
