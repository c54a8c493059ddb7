import { $, announce, el, facts, show } from "./dom.js";
import { Task } from "./task.js";

/** The conversation about the picture. */
export class Ask {
  #turns = [];

  constructor(app) {
    this.app = app;
    const button = $("ask-form").querySelector("[type=submit]");
    this.task = new Task({
      starts: [button],
      stop: $("ask-stop"),
      notice: $("ask-notice"),
      status: app.status,
      onError: (error) => app.settings.blame(error.param, error.message),
    });
    $("ask-form").addEventListener("submit", (event) => {
      event.preventDefault();
      const question = $("question").value.trim();
      if (this.task.running || question === "") return;
      $("question").value = "";
      this.ask(question);
    });
    $("clear").addEventListener("click", () => {
      this.clear();
      $("question").focus();
      announce("The conversation is cleared");
    });
  }

  refresh() {
    const able = this.app.models.for("answer") !== undefined;
    $("ask-why").textContent = able ? "" : this.app.models.why("answer");
    show($("ask-why"), !able);
    show($("ask-work"), able);
    $("suggestions").replaceChildren(
      ...this.app.hints().questions.map((question) =>
        el("button", { type: "button", on: { click: () => this.task.running || this.ask(question) } }, question),
      ),
    );
  }

  /** Forgets all turns. */
  clear() {
    this.task.abort();
    this.#turns = [];
    $("turns").replaceChildren();
    show($("ask-facts"), false);
    show($("clear"), false);
  }

  ask(question) {
    if (!this.app.picture.current) {
      this.task.say("There is no picture yet. Drop one, or choose an example.");
      return;
    }
    const answer = el("p", { class: "answer" }, waiting());
    const turn = el("div", { class: "turn" }, el("p", { class: "question" }, question), answer);
    $("turns").append(turn);
    show($("clear"), true);
    turn.scrollIntoView({ block: "nearest" });
    const before = [...this.#turns];
    this.task.run((signal) => this.#answer(question, before, answer, signal)).then((done) => {
      if (done || !turn.isConnected) return;
      answer.querySelector(".waiting")?.remove();
      answer.append(el("span", { class: "hint" }, answer.textContent === "" ? "no answer" : " (not finished)"));
    });
  }

  async #answer(question, before, answer, signal) {
    answer.replaceChildren(waiting());
    const fields = {
      question,
      ...(before.length > 0 && { conversation: before }),
      ...this.app.settings.values("answer"),
    };
    const body = this.app.body("answer", fields);
    let whole;
    for await (const event of this.app.api.events("v1/answer", { ...body, stream: true }, signal)) {
      if (event.text !== undefined) {
        answer.querySelector(".waiting")?.remove();
        answer.append(el("span", { class: "piece" }, event.text));
      }
      whole = event.done ?? whole;
    }
    if (!whole) throw new Error("The connection ended before the answer did.");
    answer.replaceChildren(whole.answer || el("span", { class: "hint" }, "nothing"));
    if (whole.answer.trim() !== "") this.#turns.push({ question, answer: whole.answer });
    facts($("ask-facts"), whole.model, whole.timing_ms);
    this.app.answered();
    return true;
  }
}

const waiting = () => el("span", { class: "waiting", "aria-label": "waiting", role: "img" }, el("i"), el("i"), el("i"));
