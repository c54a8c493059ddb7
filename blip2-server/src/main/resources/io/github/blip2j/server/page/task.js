import { el, show } from "./dom.js";

const MOST_TRIES = 5;

/**
 * The work of one part of the page: one call at a time, its buttons, its notice, its stop, and
 * its second tries when the server is busy.
 */
export class Task {
  #control = null;

  /**
   * @param {object} parts
   * @param {HTMLButtonElement[]} parts.starts buttons that start work
   * @param {HTMLButtonElement} parts.stop the button that ends it, shown while it goes on
   * @param {HTMLElement} parts.notice where errors are told
   * @param {import("./status.js").Status} parts.status is told when work begins and ends
   * @param {(error: Error) => void} [parts.onError]
   * @param {() => void} [parts.onEnd] called when work has ended, however it did
   */
  constructor(parts) {
    Object.assign(this, parts);
    this.stop.addEventListener("click", () => this.abort("Stopped."));
  }

  get running() {
    return this.#control !== null;
  }

  /** Ends the work, if there is any. */
  abort(words = "") {
    this.#control?.abort();
    this.#end();
    this.say(words);
  }

  /**
   * Runs work, after ending the work before.
   *
   * @param {(signal: AbortSignal) => Promise<T>} work may be called again when the server is busy
   * @returns {Promise<T|undefined>} undefined if it was stopped or failed, which was told
   * @template T
   */
  async run(work) {
    this.abort();
    const control = new AbortController();
    this.#control = control;
    this.#begin();
    try {
      for (let tries = 1; ; tries++) {
        try {
          return await work(control.signal);
        } catch (e) {
          if (control.signal.aborted) return undefined;
          if (e.status !== 503 || !e.retryAfter || tries === MOST_TRIES) throw e;
          await this.#wait(e, control.signal);
          if (control.signal.aborted) return undefined;
          this.say("");
        }
      }
    } catch (e) {
      this.#fail(e, () => this.run(work));
      return undefined;
    } finally {
      if (this.#control === control) this.#end();
    }
  }

  /** Says something below the part; nothing if blank. */
  say(words, kind = "") {
    this.notice.className = `notice ${kind}`;
    this.notice.replaceChildren(words);
    show(this.notice, words !== "");
  }

  #begin() {
    this.starts.forEach((start) => start.setAttribute("aria-disabled", "true"));
    show(this.stop, true);
    this.watching = this.status.watch();
  }

  #end() {
    if (this.#control === null) return;
    this.#control = null;
    this.watching();
    const focused = document.activeElement === this.stop;
    this.starts.forEach((start) => start.removeAttribute("aria-disabled"));
    show(this.stop, false);
    if (focused) this.starts[0].focus();
    this.onEnd?.();
  }

  /** Waits as long as the server said, or until "Try now" or "Stop". */
  #wait(error, signal) {
    let left = error.retryAfter;
    const clock = el("span", { "aria-hidden": "true" });
    const now = el("button", { type: "button", class: "quiet" }, "Try now");
    this.say("", "busy");
    this.notice.append(el("span", {}, `The server is busy: ${error.message}.`), clock, now);
    show(this.notice, true);
    return new Promise((resolve) => {
      const tick = () => {
        clock.textContent = ` Next try in ${left} s. `;
        if (left-- <= 0) end();
      };
      const timer = setInterval(tick, 1000);
      const end = () => {
        clearInterval(timer);
        resolve();
      };
      signal.addEventListener("abort", end);
      now.addEventListener("click", end);
      tick();
    });
  }

  #fail(error, again) {
    this.say("", "error");
    this.notice.append(el("strong", {}, error.status === 0 ? "No answer. " : "That did not work. "), error.message);
    if (error.requestId) this.notice.append(el("span", { class: "small request" }, `Request ${error.requestId}`));
    if (!error.status || error.status === 408 || error.status === 429 || error.status >= 500) {
      this.notice.append(el("button", { type: "button", class: "quiet", on: { click: again } }, "Try again"));
    }
    show(this.notice, true);
    this.onError?.(error);
  }
}
