import { $, el } from "./dom.js";

/** Pictures that come with the page, of the drawn world that the bundled model was trained on. */
const EXAMPLES = [
  { file: "1.png", alt: "A red star", shape: "star" },
  { file: "2.png", alt: "An orange circle to the left of a red square", shape: "circle" },
  { file: "3.png", alt: "A yellow triangle", shape: "triangle" },
  { file: "4.png", alt: "A black ring to the left of an orange square", shape: "ring" },
  { file: "5.png", alt: "A blue ring", shape: "ring" },
  { file: "6.png", alt: "A green circle", shape: "circle" },
];

/** What to try with an example. */
export const drawn = ({ alt, shape }) => ({
  questions: [`what color is the ${shape}?`, "what is it?"],
  candidates: [...new Set([alt.toLowerCase(), "a red star", "a blue ring", "a green circle", "a yellow triangle"])],
  texts: [...new Set([alt.toLowerCase(), "a purple cross", "a photo of a dog"])],
});

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
