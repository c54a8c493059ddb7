import { $, announce, bar, el, facts, lines, percent, show } from "./dom.js";
import { draw, place } from "./heatmap.js";
import { Task } from "./task.js";

/** Texts against the picture, and where in it they are. */
export class Match {
  #maps = null;
  #pinned = null;

  constructor(app) {
    this.app = app;
    this.task = new Task({
      starts: [$("match-form").querySelector("[type=submit]")],
      stop: $("match-stop"),
      notice: $("match-notice"),
      status: app.status,
    });
    $("match-form").addEventListener("submit", (event) => {
      event.preventDefault();
      if (!this.task.running) this.match();
    });
    $("opacity").addEventListener("input", () => this.#fade());
    $("map-off").addEventListener("click", () => {
      this.hide();
      ($("matches").querySelector("button") ?? $("texts")).focus();
    });
    document.addEventListener("keydown", (event) => {
      if (event.key === "Escape" && this.#maps && !document.querySelector("dialog[open]")) this.#escape();
    });
  }

  refresh() {
    const able = this.app.models.for("match") !== undefined;
    $("match-why").textContent = able ? "" : this.app.models.why("match");
    show($("match-why"), !able);
    show($("match-form"), able);
    if ($("texts").value === "" || $("texts").value === this.filled) {
      this.filled = this.app.hints().texts.join("\n");
      $("texts").value = this.filled;
    }
  }

  clear() {
    this.task.abort();
    this.hide();
    show($("matches"), false);
    show($("match-facts"), false);
  }

  /** Takes the heat map off the picture. */
  hide() {
    this.#maps = null;
    this.#pinned = null;
    show($("map"), false);
    show($("map-tools"), false);
    show($("words"), false);
    $("matches").querySelectorAll("button").forEach((button) => button.setAttribute("aria-pressed", "false"));
  }

  match() {
    const texts = lines($("texts"));
    if (!this.app.picture.current) {
      this.task.say("There is no picture yet. Drop one, or choose an example.");
      return;
    }
    if (texts.length === 0) {
      this.task.say("At least one text is needed.");
      $("texts").focus();
      return;
    }
    this.clear();
    this.task.run(async (signal) => {
      const answer = await this.app.api.post("v1/match", this.app.body("match", { texts }), signal);
      const matches = [...answer.matches].sort((a, b) => b.itm_logit - a.itm_logit);
      $("matches").replaceChildren(...matches.map((one) => this.#line(one)));
      show($("matches"), true);
      facts($("match-facts"), answer.model, answer.timing_ms);
      announce(`The best match: ${matches[0].text}, ${percent(matches[0].itm_probability)}`);
      this.app.answered();
      if (this.app.models.for("explain")) await this.#explain(matches[0].text, signal);
    });
  }

  #line(match) {
    const numbers = `${percent(match.itm_probability)}, cosine ${match.itc.toFixed(2)}`;
    const words = this.app.models.for("explain")
      ? el(
          "button",
          {
            type: "button",
            class: "where",
            "aria-pressed": "false",
            title: "Show where in the picture",
            data: { text: match.text },
            on: { click: () => this.task.running || this.task.run((signal) => this.#explain(match.text, signal)) },
          },
          match.text,
        )
      : el("span", {}, match.text);
    return el("li", {}, ...bar(words, match.itm_probability, numbers));
  }

  async #explain(text, signal) {
    const body = this.app.body("explain", { text });
    const answer = await this.app.api.post("v1/explain", { ...body, format: "json" }, signal);
    this.hide();
    this.#maps = { text, ...answer };
    $("matches")
      .querySelectorAll("button")
      .forEach((button) => button.setAttribute("aria-pressed", button.dataset.text === text));
    $("words").replaceChildren(el("span", { class: "small" }, "A map for each word:"), ...answer.tokens.map((word, i) => this.#word(word, i)));
    show($("words"), true);
    show($("map-tools"), true);
    this.#show(null);
    announce(`Heat map of ${text}: strongest ${place(answer.map)}`);
  }

  #word(word, i) {
    const back = () => this.#maps && this.#show(this.#pinned);
    const button = el(
      "button",
      {
        type: "button",
        "aria-pressed": "false",
        on: {
          mouseenter: () => this.#show(i),
          mouseleave: back,
          focus: () => this.#show(i),
          blur: back,
          click: () => this.#pin(this.#pinned === i ? null : i),
        },
      },
      word,
      el("span", { class: "hidden" }, `, strongest ${place(this.#maps.maps[i])}`),
    );
    return button;
  }

  #pin(i) {
    this.#pinned = i;
    $("words").querySelectorAll("button").forEach((button, at) => button.setAttribute("aria-pressed", at === i));
    this.#show(i);
  }

  /** Draws the map of a word, or of the whole text. */
  #show(i) {
    const { map, maps, tokens, text } = this.#maps;
    const shown = i === null ? map : maps[i];
    const { width, height } = this.app.picture.current;
    draw($("map"), shown, width, height);
    show($("map"), true);
    this.#fade();
    $("map-caption").textContent = `Where “${i === null ? text : tokens[i]}” is: strongest ${place(shown)}.`;
  }

  #fade() {
    $("map").style.opacity = $("opacity").value / 100;
    $("opacity").setAttribute("aria-valuetext", `${$("opacity").value} percent`);
  }

  #escape() {
    if (this.#pinned === null) this.hide();
    else this.#pin(null);
  }
}
