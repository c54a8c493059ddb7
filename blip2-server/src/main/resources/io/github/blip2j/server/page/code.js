import { $, copy } from "./dom.js";
import { snippets } from "./snippets.js";
import { tabs } from "./tabs.js";

/** The last call of the page as code. */
export class Code {
  constructor(api) {
    this.api = api;
    tabs($("code").querySelector("[role=tablist]"));
    for (const language of Object.keys(snippets)) {
      const button = $(`code-${language}`).querySelector("button");
      button.addEventListener("click", () => copy($(`code-${language}`).querySelector("pre").textContent, button));
    }
  }

  /**
   * Shows a call.
   *
   * @param {{task: string, model?: string, file: string, fields: object}} call
   */
  show(call) {
    const base = new URL(".", document.baseURI).href;
    const whole = { ...call, base, key: this.api.key !== "" };
    for (const [language, write] of Object.entries(snippets)) {
      $(`code-${language}`).querySelector("pre").textContent = write(whole);
    }
    $("code-call").textContent = call.task;
  }
}
