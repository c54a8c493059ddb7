import { $, el } from "./dom.js";

/** Pictures that come with the page: scenes of public-domain clip art that the bundled model was not trained on. */
const EXAMPLES = [
  { file: "1.png", alt: "Four Christmas trees", thing: "christmas tree", many: true },
  { file: "2.png", alt: "A ladybug", thing: "ladybug" },
  { file: "3.png", alt: "A penguin", thing: "penguin" },
  { file: "4.png", alt: "A bee", thing: "bee" },
  { file: "5.png", alt: "Four birthday cakes", thing: "birthday cake", many: true },
  { file: "6.png", alt: "A car", thing: "car" },
];

/** What to try with an example. */
export const drawn = ({ alt, thing, many }) => ({
  questions: [many ? `how many ${thing}s are there?` : "what is this?", "what kind of thing is this?"],
  candidates: [...new Set([alt.toLowerCase(), "a car", "a bee", "four birthday cakes", "a penguin"])],
  texts: [...new Set([alt.toLowerCase(), "a teapot", "three taxis"])],
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
