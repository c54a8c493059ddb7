/** The element with an id. */
export const $ = (id) => document.getElementById(id);

/**
 * A new element.
 *
 * @param {string} name of the tag
 * @param {object} properties `class`, `data`, `on` (listeners by event), `aria-…` and other
 *     attributes with a dash, and properties of the element
 * @param {...(Node|string)} children
 */
export function el(name, properties = {}, ...children) {
  const element = document.createElement(name);
  for (const [key, value] of Object.entries(properties)) {
    if (key === "class") element.className = value;
    else if (key === "data") Object.assign(element.dataset, value);
    else if (key === "on") Object.entries(value).forEach(([event, f]) => element.addEventListener(event, f));
    else if (key.includes("-") || key === "role") element.setAttribute(key, value);
    else element[key] = value;
  }
  element.append(...children);
  return element;
}

/** Shows or hides an element. */
export const show = (element, shown) => {
  element.hidden = !shown;
};

/** Says something to screen readers, once, whatever is on the screen. */
export function announce(text) {
  $("announcer").textContent = "";
  setTimeout(() => ($("announcer").textContent = text), 50);
}

/** The non-blank lines of a text field. */
export const lines = (field) =>
  field.value
    .split("\n")
    .map((line) => line.trim())
    .filter((line) => line !== "");

/** Seconds as people read them. */
export const seconds = (ms) => (ms < 995 ? `${Math.round(ms)} ms` : `${(ms / 1000).toFixed(ms < 9950 ? 2 : 1)} s`);

/** A share of 1 in percent. */
export function percent(share) {
  const hundredths = 100 * share;
  if (hundredths > 0 && hundredths < 0.05) return "under 0.1 %";
  return `${hundredths >= 99.95 || hundredths === 0 ? Math.round(hundredths) : hundredths.toFixed(1)} %`;
}

/** Bytes as people read them. */
export const bytes = (n) =>
  n < 1000 ? `${n} bytes` : n < 1e6 ? `${Math.round(n / 1000)} kB` : `${(n / 1e6).toFixed(1)} MB`;

/** One line of a list with bars: words, a bar for a share of 1, and numbers behind it. */
export function bar(words, share, numbers) {
  const fill = el("span", { class: "bar-fill" });
  fill.style.setProperty("--share", Math.max(0, Math.min(1, share)));
  return [words, el("span", { class: "bar-numbers" }, numbers), el("span", { class: "bar", "aria-hidden": "true" }, fill)];
}

/** Shows what a call took. */
export function facts(element, model, timing, ms) {
  const parts = [`${seconds(timing ? timing.total : ms)}`];
  if (timing && timing.queue >= 5) parts.push(`${seconds(timing.queue)} of it waiting`);
  if (model) parts.push(model);
  element.textContent = parts.join(" · ");
  show(element, true);
}

/** Puts a text on the clipboard; on pages without a secure address by the old way. */
export async function copy(text, button) {
  let done = true;
  try {
    await navigator.clipboard.writeText(text);
  } catch {
    const field = el("textarea", { value: text, class: "hidden" });
    document.body.append(field);
    field.select();
    done = document.execCommand("copy");
    field.remove();
    button.focus();
  }
  const before = button.dataset.text ?? button.textContent;
  button.dataset.text = before;
  button.textContent = done ? "Copied" : "Not copied";
  announce(button.textContent);
  setTimeout(() => (button.textContent = before), 1500);
}
