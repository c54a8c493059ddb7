import { $, el } from "./dom.js";

/** Pictures that come with the page, of the drawn world that the bundled model was trained on. */
const EXAMPLES = [
  { file: "1.png", alt: "A red square" },
  { file: "2.png", alt: "A blue circle and a yellow star" },
  { file: "3.png", alt: "A green triangle above a white square" },
  { file: "4.png", alt: "A purple cross" },
  { file: "5.png", alt: "An orange circle and a red ring" },
  { file: "6.png", alt: "Two white stars" },
];

/** What to try with a picture of the drawn world. */
export const DRAWN = {
  questions: ["what color is the square?", "how many circles are there?", "what is above the square?"],
  candidates: ["a red square", "a blue circle", "a green triangle", "two white stars"],
  texts: ["a red square", "a circle to the left of a star", "a photo of a dog"],
};

/** What to try with any other. */
export const ANY = {
  questions: ["what is in the picture?", "how many are there?", "what color is it?", "where was this taken?"],
  candidates: ["a photo of a person", "a photo of an animal", "a photo of a building", "a drawing"],
  texts: ["a photo of a person", "a photo of an animal", "a landscape"],
};

/** Lists the examples; a click takes one. */
export function examples(take) {
  for (const example of EXAMPLES) {
    const url = `page/examples/${example.file}`;
    const button = el(
      "button",
      { type: "button", on: { click: async () => take(await file(url, example), example) } },
      el("img", { src: url, alt: example.alt, width: 64, height: 64 }),
    );
    $("examples").append(el("li", {}, button));
  }
}

async function file(url, example) {
  const blob = await (await fetch(url)).blob();
  return new File([blob], example.file, { type: "image/png" });
}
