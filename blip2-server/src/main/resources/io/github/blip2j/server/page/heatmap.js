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
  const values = normalised(map);
  const pen = canvas.getContext("2d");
  const image = pen.createImageData(canvas.width, canvas.height);
  for (let y = 0, at = 0; y < canvas.height; y++) {
    const row = ((y + 0.5) / canvas.height) * values.length - 0.5;
    for (let x = 0; x < canvas.width; x++, at += 4) {
      const value = between(values, row, ((x + 0.5) / canvas.width) * values[0].length - 0.5);
      const [r, g, b] = colour(value);
      image.data.set([r, g, b, 255 * Math.min(1, 0.1 + 1.1 * value)], at);
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
  const all = map.flat();
  const [least, most] = [Math.min(...all), Math.max(...all)];
  return map.map((line) => line.map((value) => (most > least ? (value - least) / (most - least) : 0)));
}

function between(values, row, column) {
  const inside = (at, all) => Math.max(0, Math.min(all - 1, at));
  const top = inside(Math.floor(row), values.length);
  const low = inside(Math.floor(row) + 1, values.length);
  const left = inside(Math.floor(column), values[0].length);
  const right = inside(Math.floor(column) + 1, values[0].length);
  const down = soft(row - Math.floor(row));
  const across = soft(column - Math.floor(column));
  const line = (r) => values[r][left] * (1 - across) + values[r][right] * across;
  return line(top) * (1 - down) + line(low) * down;
}

const soft = (t) => t * t * (3 - 2 * t);

function colour(value) {
  const i = Math.max(1, RAMP.findIndex(([at]) => value <= at));
  const [[from, a], [to, b]] = [RAMP[i - 1], RAMP[i]];
  const t = (value - from) / (to - from);
  return a.map((channel, c) => channel + t * (b[c] - channel));
}
