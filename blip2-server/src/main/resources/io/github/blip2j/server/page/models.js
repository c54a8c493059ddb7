import { $, el, show } from "./dom.js";

const ROLES = [
  { id: "words", label: "Words by", tasks: ["caption", "answer", "rank"] },
  { id: "matches", label: "Matches by", tasks: ["match", "explain"] },
];

const NEEDS = {
  caption: "writes captions. It takes a model with a language model, such as blip2-opt-2.7b",
  answer: "answers questions. It takes a model with a language model, such as blip2-opt-2.7b",
  rank: "ranks texts. It takes a model with a language model, such as blip2-opt-2.7b",
  match: "compares pictures with texts. It takes one of BLIP-2's first stage, such as blip2-itm-vit-g",
};

/** The models of the server, and which of them does what. Fires `change`. */
export class Models extends EventTarget {
  #models = [];
  #chosen = {};

  constructor(api) {
    super();
    this.api = api;
  }

  /** Asks the server again: a model that was loaded meanwhile tells its settings. */
  async load() {
    this.#models = (await this.api.get("v1/models")).data;
    for (const role of ROLES) {
      const able = this.#able(role);
      if (!able.some((model) => model.id === this.#chosen[role.id])) this.#chosen[role.id] = able[0]?.id;
    }
    this.#draw();
    this.dispatchEvent(new Event("change"));
  }

  /** The model for a task, or undefined if the chosen one cannot do it. */
  for(task) {
    const role = ROLES.find((one) => one.tasks.includes(task));
    const model = this.#models.find((one) => one.id === this.#chosen[role.id]);
    return model?.blip2.tasks.includes(task) ? model : undefined;
  }

  /** Why a task cannot be done. */
  why(task) {
    const names = this.#models.map((model) => model.id).join(", ");
    const able = this.#models.filter((model) => model.blip2.tasks.includes(task));
    if (able.length > 0) return `The model that is chosen cannot do this; ${able[0].id} can.`;
    return `Not available: no model of this server (${names}) ${NEEDS[task]}. Start the server with one: blip2 serve --model NAME=FOLDER.`;
  }

  #able(role) {
    return this.#models.filter((model) => role.tasks.some((task) => model.blip2.tasks.includes(task)));
  }

  #draw() {
    const focused = document.activeElement?.id;
    $("models").replaceChildren();
    for (const role of ROLES) {
      const able = this.#able(role);
      if (able.length === 1) {
        $("models").append(el("p", { class: "model" }, `${role.label} `, el("strong", {}, able[0].id)));
      } else if (able.length > 1) {
        $("models").append(this.#choice(role, able));
      }
    }
    if (focused?.startsWith("model-")) $(focused)?.focus();
    const used = ROLES.map((role) => this.#models.find((one) => one.id === this.#chosen[role.id])).filter(Boolean);
    const words = used.map((one) => `${one.id} in ${one.blip2.dtype}`);
    show($("toy"), this.#chosen.words === "bundled");
    $("kernels").textContent = used.length === 0 ? "" : `${words.join(", ")}. Kernels: ${used[0].blip2.kernels}.`;
  }

  #choice(role, able) {
    const options = able.map((model) =>
      el("option", { value: model.id, selected: model.id === this.#chosen[role.id] }, model.blip2.loaded ? model.id : `${model.id} (not loaded yet)`),
    );
    const select = el("select", { id: `model-${role.id}` }, ...options);
    select.addEventListener("change", () => {
      this.#chosen[role.id] = select.value;
      this.#draw();
      this.dispatchEvent(new CustomEvent("change", { detail: role.id }));
    });
    return el("p", { class: "model" }, el("label", { htmlFor: select.id }, role.label), " ", select);
  }
}
