import { $, announce } from "./dom.js";

const SOON_MS = 500;
const EVERY_MS = 1000;

/** The pill in the header: whether the server is there, loads, works, and how many wait. */
export class Status {
  #watchers = 0;
  #timer = 0;

  constructor(api) {
    this.api = api;
  }

  /** Waits until the server has its first model. */
  async untilReady() {
    for (;;) {
      try {
        const response = await fetch("health");
        if (response.ok) {
          this.#tell("ready", "ready");
          return;
        }
        this.#tell("wait", "the model is loading");
      } catch {
        this.#tell("gone", "cannot be reached");
      }
      await new Promise((resolve) => setTimeout(resolve, 2 * EVERY_MS));
    }
  }

  /** Shows the queue from now on, until the function that this returns is called. */
  watch() {
    this.#watchers++;
    if (this.#watchers === 1) {
      this.#tell("work", "working");
      this.#timer = setTimeout(() => this.#poll(), SOON_MS);
    }
    let open = true;
    return () => {
      if (!open) return;
      open = false;
      if (--this.#watchers === 0) {
        clearTimeout(this.#timer);
        this.#tell("ready", "ready");
      }
    };
  }

  async #poll() {
    try {
      const { queue, rate_per_s: rate } = await this.api.get("v1/status");
      if (this.#watchers === 0) return;
      const words = queue === 0 ? "working" : `${queue} waiting${rate > 0 ? `, ${rate.toFixed(1)} a second` : ""}`;
      this.#tell("work", words);
    } catch {
      // the call itself will say what is wrong
    }
    if (this.#watchers > 0) this.#timer = setTimeout(() => this.#poll(), EVERY_MS);
  }

  #tell(state, words) {
    $("status").dataset.state = state;
    const text = $("status").firstElementChild;
    if (text.textContent === words) return;
    text.textContent = words;
    if (state === "wait" || state === "gone") announce(`The server: ${words}`);
  }
}
