import { $, announce, bar, el, facts, lines, percent, show } from "./dom.js";
import { Task } from "./task.js";

/** Candidates, the likeliest first. */
export class Rank {
  constructor(app) {
    this.app = app;
    this.task = new Task({
      starts: [$("rank-form").querySelector("[type=submit]")],
      stop: $("rank-stop"),
      notice: $("rank-notice"),
      status: app.status,
    });
    $("rank-form").addEventListener("submit", (event) => {
      event.preventDefault();
      if (!this.task.running) this.rank();
    });
  }

  refresh() {
    const able = this.app.models.for("rank") !== undefined;
    $("rank-why").textContent = able ? "" : this.app.models.why("rank");
    show($("rank-why"), !able);
    show($("rank-form"), able);
    const { candidates } = this.app.hints();
    if ($("candidates").value === "" || $("candidates").value === this.filled) {
      this.filled = candidates.join("\n");
      $("candidates").value = this.filled;
    }
  }

  clear() {
    this.task.abort();
    show($("ranking"), false);
    show($("rank-facts"), false);
  }

  rank() {
    const candidates = lines($("candidates"));
    if (!this.app.picture.current) {
      this.task.say("There is no picture yet. Drop one, or choose an example.");
      return;
    }
    if (candidates.length < 2) {
      this.task.say("At least two candidates are needed, one a line.");
      $("candidates").focus();
      return;
    }
    this.clear();
    const question = $("rank-question").value.trim();
    const fields = {
      ...(question !== "" && { question }),
      candidates,
      by: $("rank-form").querySelector("[name=by]:checked").value,
    };
    this.task.run(async (signal) => {
      const began = performance.now();
      const answer = await this.app.api.post("v1/rank", this.app.body("rank", fields), signal);
      $("ranking").replaceChildren(
        ...answer.candidates.map((one) =>
          el("li", {}, ...bar(el("span", {}, one.text), one.probability, `${percent(one.probability)}, log p ${one.log_probability.toFixed(2)}`)),
        ),
      );
      show($("ranking"), true);
      facts($("rank-facts"), answer.model, answer.timing_ms, performance.now() - began);
      announce(`The likeliest: ${answer.candidates[0].text}, ${percent(answer.candidates[0].probability)}`);
      this.app.answered();
    });
  }
}
