import { $, announce, bytes, el, show } from "./dom.js";
import { orientation } from "./exif.js";

const MOST_SIDE = 1024;
const SENT_AS_IS = ["image/png", "image/jpeg", "image/webp"];

/**
 * The picture that is asked about. Fires `change` with every new one.
 *
 * `current` has `name`, `dataUrl` (what is sent), `width` and `height` (of what is sent), and
 * `example` (the example that it is, if it is one); it is null without a picture.
 */
export class Picture extends EventTarget {
  current = null;
  #source = null;
  #turn = 0;

  constructor() {
    super();
    $("as-it-is").addEventListener("change", () => this.#source && this.take(...this.#source));
    this.#choose();
    this.#drop();
    document.addEventListener("paste", (event) => {
      const file = event.clipboardData?.files[0];
      if (!file) return;
      event.preventDefault();
      this.take(file);
    });
  }

  /** Takes a file as the picture. */
  async take(file, example = null) {
    const turn = ++this.#turn;
    this.#say("");
    try {
      const picture = await prepare(file, $("as-it-is").checked);
      if (turn !== this.#turn) return;
      this.#source = [file, example];
      this.current = { ...picture, example };
      this.#draw();
      this.dispatchEvent(new Event("change"));
    } catch (e) {
      if (turn === this.#turn) this.#say(e.message);
    }
  }

  /** What screen readers say for the picture. */
  describe(words) {
    $("shown").alt = words;
  }

  #draw() {
    const { url, raw, name, original, width, height, dataUrl, sent } = this.current;
    const shown = $("shown");
    if (shown.src.startsWith("blob:")) URL.revokeObjectURL(shown.src);
    shown.src = url;
    shown.classList.toggle("as-stored", raw);
    shown.alt = `The picture ${name}`;
    const ratio = Math.min(1.6, Math.max(0.75, width / height));
    $("stage").style.setProperty("--ratio", ratio);
    show(shown, true);
    show($("empty"), false);
    $("stage").classList.add("filled");
    const scaled = original[0] !== width || original[1] !== height ? `, sent as ${width} × ${height}` : "";
    $("picture-facts").textContent = `${name} · ${original[0]} × ${original[1]}${scaled} · ${bytes(sent.size)}`;
    show($("picture-facts"), dataUrl !== undefined);
    announce(`${name} is the picture now`);
  }

  #say(words) {
    $("picture-notice").textContent = words;
    $("picture-notice").classList.toggle("error", words !== "");
    show($("picture-notice"), words !== "");
  }

  #choose() {
    for (const input of [$("file"), $("snap")]) {
      input.addEventListener("change", () => {
        if (input.files[0]) this.take(input.files[0]);
        input.value = ""; // the same file again is a change too
      });
    }
    $("choose").addEventListener("click", () => $("file").click());
    $("stage").addEventListener("click", () => $("empty").hidden || $("file").click());
  }

  #drop() {
    const over = (event, on) => {
      event.preventDefault();
      document.body.classList.toggle("dragging", on);
    };
    document.addEventListener("dragover", (event) => over(event, true));
    document.addEventListener("dragleave", (event) => event.relatedTarget === null && over(event, false));
    document.addEventListener("drop", (event) => {
      over(event, false);
      const files = event.dataTransfer.files;
      if (files.length === 0) this.#say("Only files can be dropped here. Save the picture first, or copy and paste it.");
      else this.take(files[0]).then(() => files.length > 1 && this.#say(`The first of ${files.length} files was taken.`));
    });
  }
}

/** What to show and what to send for a file. */
async function prepare(file, asItIs) {
  const name = file.name || "picture";
  const url = URL.createObjectURL(file);
  const image = el("img", { src: url });
  try {
    await image.decode();
  } catch {
    URL.revokeObjectURL(url);
    throw new Error(`This browser cannot show ${name}. Choose a PNG, JPEG, WebP, GIF or BMP.`);
  }
  const original = [image.naturalWidth || MOST_SIDE, image.naturalHeight || MOST_SIDE];
  const scale = Math.min(1, MOST_SIDE / Math.max(...original));
  const keep = scale === 1 && SENT_AS_IS.includes(file.type) && (await orientation(file)) === 1;
  if (asItIs || keep) {
    const [width, height] = original;
    return { name, url, raw: true, original, width, height, sent: file, dataUrl: await dataUrl(file) };
  }
  const size = original.map((side) => Math.max(1, Math.round(side * scale)));
  const sent = await drawn(image, size, file.type);
  URL.revokeObjectURL(url);
  const [width, height] = size;
  const shown = URL.createObjectURL(sent);
  return { name, url: shown, raw: false, original, width, height, sent, dataUrl: await dataUrl(sent) };
}

/** Photographs become JPEG, all others PNG, which loses nothing. */
function drawn(image, [width, height], type) {
  const canvas = el("canvas", { width, height });
  const pen = canvas.getContext("2d");
  pen.imageSmoothingQuality = "high";
  pen.drawImage(image, 0, 0, width, height);
  const to = type === "image/jpeg" || type === "image/webp" ? "image/jpeg" : "image/png";
  return new Promise((resolve, reject) =>
    canvas.toBlob((blob) => (blob ? resolve(blob) : reject(new Error("This picture is too large for the browser."))), to, 0.95),
  );
}

function dataUrl(blob) {
  return new Promise((resolve, reject) => {
    const reader = new FileReader();
    reader.onload = () => resolve(reader.result);
    reader.onerror = () => reject(new Error("The file cannot be read any more. Choose it again."));
    reader.readAsDataURL(blob);
  });
}

/** A blob of a data URL, without asking the network layer, which the page's policy forbids. */
export function blobOf(url) {
  const [head, data] = url.split(",", 2);
  const binary = atob(data);
  return new Blob([Uint8Array.from(binary, (c) => c.charCodeAt(0))], { type: head.slice(5).split(";")[0] });
}
