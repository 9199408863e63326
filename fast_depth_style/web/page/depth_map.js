// Depth maps as pictures: near is light.

// Some colours of a scale that grows evenly lighter, dark to light.
const SCALE = [
  [13, 14, 34],
  [55, 27, 96],
  [124, 42, 116],
  [196, 66, 98],
  [244, 127, 84],
  [252, 199, 132],
  [253, 250, 221],
];

/** Draws a map in its own size, between its 2nd and 98th percentile. */
export function drawMap(canvas, { width, height, map }) {
  const sorted = map.slice().sort();
  const [low, high] = [0.02, 0.98].map(
    (part) => sorted[Math.round(part * (sorted.length - 1))],
  );
  const image = new ImageData(width, height);
  for (let i = 0; i < map.length; i++) {
    const part = (map[i] - low) / (high - low + 1e-9);
    image.data.set([...colour(Math.min(1, Math.max(0, part))), 255], 4 * i);
  }
  canvas.width = width;
  canvas.height = height;
  canvas.getContext("2d").putImageData(image, 0, 0);
}

function colour(part) {
  const place = part * (SCALE.length - 1);
  const before = Math.min(Math.floor(place), SCALE.length - 2);
  return SCALE[before].map(
    (value, c) => value + (SCALE[before + 1][c] - value) * (place - before),
  );
}
