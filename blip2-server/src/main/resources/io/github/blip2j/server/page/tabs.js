import { show } from "./dom.js";

const STEPS = { ArrowRight: 1, ArrowLeft: -1, Home: "first", End: "last" };

/**
 * Makes a tab list work: one tab is in the tab order, arrows go to the others.
 *
 * @param {HTMLElement} list an element of role tablist
 * @param {(id: string) => void} [onChange] is told the panel that is shown
 */
export function tabs(list, onChange = () => {}) {
  const all = () => [...list.querySelectorAll("[role=tab]")].filter((tab) => !tab.hidden);
  const open = (tab) => {
    for (const one of list.querySelectorAll("[role=tab]")) {
      const chosen = one === tab;
      one.setAttribute("aria-selected", chosen);
      one.tabIndex = chosen ? 0 : -1;
      show(document.getElementById(one.getAttribute("aria-controls")), chosen);
    }
    onChange(tab.getAttribute("aria-controls"));
  };
  list.addEventListener("click", (event) => {
    const tab = event.target.closest("[role=tab]");
    if (tab) open(tab);
  });
  list.addEventListener("keydown", (event) => {
    const step = STEPS[event.key];
    if (step === undefined) return;
    event.preventDefault();
    const there = all();
    const at = there.indexOf(document.activeElement);
    const to = step === "first" ? 0 : step === "last" ? there.length - 1 : (at + step + there.length) % there.length;
    there[to].focus();
    open(there[to]);
  });
}
