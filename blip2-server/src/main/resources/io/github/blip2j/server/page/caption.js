import { $, announce, bar, copy, el, facts, percent, show } from "./dom.js";
import { Task } from "./task.js";

const SEVERAL = 5;

/** The caption: by itself for a new picture, another one, several with scores. */
export class Caption {
  constructor(app) {
    this.app = app;
    this.task = new Task({
      starts: [$("another"), $("several")],
      stop: $("caption-stop"),
      notice: $("caption-notice"),
      status: app.status,
      onError: (error) => app.settings.blame(error.param, error.message),
      onEnd: () => this.#rest(),
    });
    for (let i = 0; i < 32; i++) $("caption-dots").append(el("i"));
    $("another").addEventListener("click", () => this.task.running || this.another());
    $("several").addEventListener("click", () => this.task.running || this.several());
    $("caption-copy").addEventListener("click", () => copy($("caption-text").textContent, $("caption-copy")));
  }

  /** Shows whether there is a model for this, and a picture. */
  refresh() {
    const able = this.app.models.for("caption") !== undefined;
    $("caption-why").textContent = able ? "" : this.app.models.why("caption");
    show($("caption-why"), !able);
    show($("caption-work"), able);
    const ready = able && this.app.picture.current !== null;
    $("another").disabled = !ready;
    $("several").disabled = !ready;
  }

  /** The caption of a new picture. */
  begin() {
    this.refresh();
    if (this.app.models.for("caption")) this.#stream((own) => own);
  }

  /** Another caption, sampled. */
  another() {
    this.#stream((own) => ({
      ...own,
      num_beams: 1,
      temperature: own.temperature > 0 ? own.temperature : 1,
      top_p: own.top_p ?? 0.9,
      seed: this.app.seed(),
    }));
  }

  /** The best few by beam search, or a few samples if the settings sample. */
  several() {
    this.task.run(async (signal) => {
      const own = this.app.settings.values("caption");
      const samples = own.temperature > 0 || own.top_p < 1 || own.top_k > 0;
      const beams = own.num_beams ?? this.app.settings.usual("caption").num_beams ?? 1;
      const fields = { ...own, n: SEVERAL, ...(!samples && { num_beams: Math.max(SEVERAL, beams) }) };
      this.#empty();
      const answer = await this.app.api.post("v1/caption", this.app.body("caption", fields), signal);
      this.#list(answer.captions);
      this.#done(answer);
    });
  }

  #list(captions) {
    const best = Math.max(...captions.map((one) => one.log_probability));
    const weights = captions.map((one) => Math.exp(one.log_probability - best));
    const all = weights.reduce((a, b) => a + b);
    $("captions").replaceChildren(
      ...captions.map((one, i) =>
        el("li", {}, ...bar(el("span", {}, one.text), weights[i] / all, `${percent(weights[i] / all)}, log p ${one.log_probability.toFixed(2)}`)),
      ),
    );
    show($("captions"), true);
    $("caption-text").textContent = captions[0].text;
  }

  #stream(change) {
    return this.task.run(async (signal) => {
      this.#empty();
      const fields = change(this.app.settings.values("caption"));
      const body = this.app.body("caption", fields);
      let answer;
      for await (const event of this.app.api.events("v1/caption", { ...body, stream: true }, signal)) {
        if (event.text !== undefined) this.#append(event.text);
        answer = event.done ?? answer;
      }
      if (!answer) throw new Error("The connection ended before the caption did.");
      this.#say(answer.captions[0].text, fields.prompt);
      this.#done(answer);
    });
  }

  #empty() {
    show($("captions"), false);
    show($("caption-facts"), false);
    show($("caption-dots"), true);
    $("caption-text").replaceChildren();
    $("caption-text").setAttribute("aria-busy", "true");
    $("caption-copy").disabled = true;
  }

  #append(piece) {
    show($("caption-dots"), false);
    $("caption-text").append(el("span", { class: "piece" }, piece));
  }

  #say(text, prompt) {
    if ($("caption-text").textContent.trim() !== text) $("caption-text").textContent = text;
    if (text === "") $("caption-text").append(el("span", { class: "hint" }, "The model said nothing."));
    if (prompt) $("caption-text").prepend(el("span", { class: "hint" }, `${prompt} `));
  }

  #done(answer) {
    const text = $("caption-text").textContent;
    $("caption-copy").disabled = text === "";
    facts($("caption-facts"), answer.model, answer.timing_ms);
    announce(`Caption: ${text}`);
    this.app.picture.describe(text);
    this.app.answered();
  }

  #rest() {
    show($("caption-dots"), false);
    $("caption-text").setAttribute("aria-busy", "false");
  }
}
