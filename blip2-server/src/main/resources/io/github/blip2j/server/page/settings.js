import { $, el, show } from "./dom.js";

const FIELDS = [
  { name: "num_beams", label: "Beams", whole: true, hint: "1 to 64; more search longer" },
  { name: "temperature", label: "Temperature", hint: "0 never samples; above 0 it does" },
  { name: "top_p", label: "Top-p", hint: "samples from this share of the likeliest" },
  { name: "top_k", label: "Top-k", whole: true, hint: "samples from this many words; 0 for all" },
  { name: "max_tokens", label: "Longest", whole: true, hint: "in tokens" },
  { name: "min_tokens", label: "Shortest", whole: true, hint: "in tokens" },
  { name: "length_penalty", label: "Length penalty", hint: "beams: above 0 for longer texts" },
  { name: "repetition_penalty", label: "Repetition penalty", hint: "above 1 against repetition" },
  { name: "no_repeat_ngram_size", label: "No repeated n-grams", whole: true, hint: "of this many tokens; 0 for off" },
  { name: "seed", label: "Seed", whole: true, hint: "the same one samples the same text" },
  { name: "prompt", label: "Caption begins with", words: true, hint: "as in “a photo of”" },
];

/** A setting that is no number. */
export class SettingError extends Error {
  status = 400;
}

/** The generation settings: those that were changed are sent, all others are the model's. */
export class Settings {
  constructor(models) {
    this.models = models;
    $("settings-fields").append(...FIELDS.map(field));
    $("settings-fields").addEventListener("input", (event) => {
      blame(event.target, "");
      this.#count();
    });
    $("settings-reset").addEventListener("click", () => {
      FIELDS.forEach(({ name }) => {
        $(`set-${name}`).value = "";
        blame($(`set-${name}`), "");
      });
      this.#count();
      $("settings").querySelector("summary").focus();
    });
    models.addEventListener("change", () => this.#hints());
  }

  /**
   * The settings that were changed, by name, for captions ("caption") or answers ("answer").
   *
   * @throws SettingError if one is not a number
   */
  values(task) {
    const values = {};
    for (const { name, label, whole, words } of FIELDS) {
      const text = $(`set-${name}`).value.trim();
      if (text === "" || (name === "prompt" && task !== "caption")) continue;
      const value = words ? text : Number(text.replace(",", "."));
      if (!words && !(whole ? Number.isSafeInteger(value) : Number.isFinite(value))) {
        this.blame(name, `A ${whole ? "whole number" : "number"} is expected here.`);
        throw new SettingError(`${label}: a ${whole ? "whole number" : "number"} expected, got “${text}”.`);
      }
      values[name] = value;
    }
    return values;
  }

  /** What the model uses where nothing was changed. */
  usual(task) {
    return this.models.for(task)?.blip2.defaults?.[task] ?? {};
  }

  /** Marks a setting that the server did not like. */
  blame(name, message) {
    const input = $(`set-${name}`);
    if (!input) return;
    $("settings").open = true;
    blame(input, message);
  }

  #count() {
    const changed = FIELDS.filter(({ name }) => $(`set-${name}`).value.trim() !== "").length;
    $("settings-changed").textContent = changed === 0 ? "the model's own" : `${changed} changed`;
    $("settings-reset").disabled = changed === 0;
  }

  #hints() {
    const [captions, answers] = [this.usual("caption"), this.usual("answer")];
    for (const { name, hint } of FIELDS) {
      const [a, b] = [captions[name], answers[name]];
      const usual = a === undefined ? "" : a === b || b === undefined ? `${a}` : `${a}, ${b} for answers`;
      $(`hint-${name}`).textContent = usual === "" ? hint : `${hint}. Model: ${usual}`;
    }
  }
}

function field({ name, label, hint, words }) {
  return el(
    "div",
    { class: "field" },
    el("label", { htmlFor: `set-${name}` }, label),
    el("input", {
      id: `set-${name}`,
      type: "text",
      inputMode: words ? "text" : "decimal",
      autocomplete: "off",
      "aria-describedby": `hint-${name} bad-${name}`,
    }),
    el("p", { id: `hint-${name}`, class: "small" }, hint),
    el("p", { id: `bad-${name}`, class: "small bad", hidden: true }),
  );
}

function blame(input, message) {
  const bad = $(input.id.replace("set-", "bad-"));
  bad.textContent = message;
  show(bad, message !== "");
  if (message) input.setAttribute("aria-invalid", "true");
  else input.removeAttribute("aria-invalid");
}
