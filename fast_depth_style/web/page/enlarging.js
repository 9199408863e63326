// A painting enlarged along the edges of its photo, as the Python package does
// it (images/enlarging.py says why):
//
//     enlarged = up(p) + up(a) (g - up(down(g)))
//
// p is the painting, g the photo's grey levels, a by how many levels p changes
// with one of down(g), as fitted in small windows.

import { answer } from "./asked_worker.js";

const RADIUS = 2; // Of the windows, in pixels of the painting.
const TEXTURE = 15 ** 2; // Variance up to which little is an edge.
const GREY = [0.299, 0.587, 0.114];

const cubic = (x) =>
  x < 1 ? (1.5 * x - 2.5) * x * x + 1 : ((2.5 - 0.5 * x) * x - 4) * x + 2;
const linear = (x) => 1 - x;

let planes, rows, columns;

/** Takes the painting, and the scaled photo that it was made of, both RGBA. */
function prepare({ painting, source, width, height }) {
  [rows, columns] = [height, width];
  const grey = greyOf(source).map((value) => value - 128);
  const mean = means(grey);
  const squares = means(grey.map((value) => value * value));
  planes = [{ values: grey, reach: 2, filter: cubic }];
  for (let c = 0; c < 3; c++) {
    const p = grey.map((_, i) => painting[4 * i + c] - 128);
    const average = means(p);
    const products = means(p.map((value, i) => value * grey[i]));
    const slopes = products.map((product, i) => {
      const variance = squares[i] - mean[i] ** 2;
      return (product - mean[i] * average[i]) / (variance + TEXTURE);
    });
    planes.push({ values: p, reach: 2, filter: cubic });
    planes.push({ values: means(slopes), reach: 1, filter: linear });
  }
  return {};
}

function greyOf(rgba) {
  const grey = new Float32Array(rgba.length / 4);
  for (let i = 0, j = 0; i < grey.length; i++, j += 4) {
    grey[i] =
      GREY[0] * rgba[j] + GREY[1] * rgba[j + 1] + GREY[2] * rgba[j + 2];
  }
  return grey;
}

/** Means over windows of 2 RADIUS + 1 pixels a side; the border goes on. */
function means(values) {
  for (const [step, count] of [
    [columns, rows],
    [1, columns],
  ]) {
    const found = new Float32Array(values.length);
    for (let i = 0; i < values.length; i++) {
      const place = Math.floor(i / step) % count;
      let sum = 0;
      for (let d = -RADIUS; d <= RADIUS; d++) {
        const other = Math.min(count - 1, Math.max(0, place + d));
        sum += values[i + (other - place) * step];
      }
      found[i] = sum / (2 * RADIUS + 1);
    }
    values = found;
  }
  return values;
}

/** Of each pixel of an enlarged line: the first that makes it, and shares. */
function taps(from, to, { reach, filter }) {
  const count = 2 * reach;
  const firsts = new Int32Array(to);
  const shares = new Float32Array(to * count);
  for (let i = 0; i < to; i++) {
    const middle = ((i + 0.5) * from) / to - 0.5;
    const first = Math.floor(middle) - reach + 1;
    let sum = 0;
    for (let k = 0; k < count; k++) {
      const inside = first + k >= 0 && first + k < from;
      const share = inside ? filter(Math.abs(first + k - middle)) : 0;
      shares[i * count + k] = share;
      sum += share;
    }
    for (let k = 0; k < count; k++) shares[i * count + k] /= sum;
    firsts[i] = first;
  }
  return { firsts, shares, count };
}

let tapsOf = { size: "" };

/** Enlarges to rows of the photo from `top` on; they are given as RGBA. */
function band({ rgba, width, top, height }) {
  const size = `${width} ${height}`;
  if (tapsOf.size !== size) {
    const both = (plane) => ({
      across: taps(columns, width, plane),
      down: taps(rows, height, plane),
    });
    tapsOf = { size, cubic: both(planes[0]), linear: both(planes[2]) };
  }
  const photo = greyOf(rgba);
  const line = new Float32Array(columns);
  const ups = planes.map(() => new Float32Array(width));
  for (let start = 0, y = top; start < photo.length; start += width, y++) {
    planes.forEach((plane, number) => {
      const { down, across } =
        plane.filter === cubic ? tapsOf.cubic : tapsOf.linear;
      mix(line, plane.values, down, y);
      stretch(ups[number], line, across);
    });
    for (let x = 0; x < width; x++) {
      const lost = photo[start + x] - 128 - ups[0][x];
      for (let c = 0; c < 3; c++) {
        rgba[4 * (start + x) + c] =
          128 + ups[1 + 2 * c][x] + lost * ups[2 + 2 * c][x];
      }
    }
  }
  return { rgba, transfer: [rgba.buffer] };
}

/** The line between rows of a plane that an enlarged row is made of. */
function mix(line, values, { firsts, shares, count }, y) {
  line.fill(0);
  for (let k = 0; k < count; k++) {
    const share = shares[y * count + k];
    const start = (firsts[y] + k) * columns;
    if (!share) continue; // Beyond the border.
    for (let x = 0; x < columns; x++) line[x] += share * values[start + x];
  }
}

function stretch(to, line, { firsts, shares, count }) {
  for (let x = 0; x < to.length; x++) {
    let sum = 0;
    for (let k = 0; k < count; k++) {
      const share = shares[x * count + k];
      if (share) sum += share * line[firsts[x] + k];
    }
    to[x] = sum;
  }
}

const requests = { prepare, band };
answer((message) => requests[message.type](message));
