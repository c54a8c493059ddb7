/** Colours from little to much. */
const RAMP = [
  [0, [38, 28, 92]],
  [0.35, [140, 41, 110]],
  [0.65, [230, 92, 48]],
  [1, [255, 226, 92]],
];

/**
 * Draws a map over all of a canvas, in the shape of the picture that it lies over. Where the map is
 * lowest it is clear, so the picture is seen.
 *
 * @param {HTMLCanvasElement} canvas
 * @param {number[][]} map of patches, rows from the top
 * @param {number} width of the picture
 * @param {number} height of the picture
 */
export function draw(canvas, map, width, height) {
  const scale = Math.min(1, 384 / Math.max(width, height));
  canvas.width = Math.max(1, Math.round(width * scale));
  canvas.height = Math.max(1, Math.round(height * scale));
  const values = normalised(stretched(map, canvas.width, canvas.height));
  const pen = canvas.getContext("2d");
  const image = pen.createImageData(canvas.width, canvas.height);
  let at = 0;
  for (const line of values) {
    for (const value of line) {
      const [r, g, b] = colour(value);
      image.data.set([r, g, b, 255 * Math.min(1, 0.1 + 1.1 * value)], at);
      at += 4;
    }
  }
  pen.putImageData(image, 0, 0);
}

/** Where a map is highest, in words. */
export function place(map) {
  let best = [0, 0];
  map.forEach((line, row) =>
    line.forEach((value, column) => {
      if (value > map[best[0]][best[1]]) best = [row, column];
    }),
  );
  const third = (at, all) => Math.min(2, Math.floor((3 * (at + 0.5)) / all));
  const down = ["upper", "middle", "lower"][third(best[0], map.length)];
  const across = ["left", "centre", "right"][third(best[1], map[0].length)];
  return down === "middle" && across === "centre" ? "in the centre" : `at the ${down} ${across}`;
}

function normalised(map) {
  let [least, most] = [Infinity, -Infinity];
  for (const line of map) {
    for (const value of line) {
      least = Math.min(least, value);
      most = Math.max(most, value);
    }
  }
  return map.map((line) => Array.from(line, (value) => (most > least ? (value - least) / (most - least) : 0)));
}

/** A map in another size, by cubic B-splines. */
function stretched(map, width, height) {
  const wide = map.map((line) => spline(line, width, (a, b, t) => a + b * t, 0));
  const zeros = new Float64Array(width);
  return spline(wide, height, (line, more, t) => line.map((value, i) => value + more[i] * t), zeros);
}

/** Values between those of a list; `plus` adds a value times a weight to a sum. */
function spline(values, size, plus, zero) {
  return Array.from({ length: size }, (_, i) => {
    const at = ((i + 0.5) / size) * values.length - 0.5;
    const first = Math.floor(at);
    const t = at - first;
    const weights = [(1 - t) ** 3, 3 * t ** 3 - 6 * t ** 2 + 4, -3 * t ** 3 + 3 * t ** 2 + 3 * t + 1, t ** 3];
    return weights.reduce((sum, weight, k) => {
      const value = values[Math.max(0, Math.min(values.length - 1, first - 1 + k))];
      return plus(sum, value, weight / 6);
    }, zero);
  });
}

function colour(value) {
  const i = Math.max(1, RAMP.findIndex(([at]) => value <= at));
  const [[from, a], [to, b]] = [RAMP[i - 1], RAMP[i]];
  const t = (value - from) / (to - from);
  return a.map((channel, c) => channel + t * (b[c] - channel));
}
