// Style files: an .npz, which is a zip of .npy arrays: `rows` and `card`.

const MOST_BYTES = 1e7;

/** A message for the person who gave the file. */
export class BadStyle extends Error {}

export const isStyle = (file) => file.name?.toLowerCase().endsWith(".style");

/**
 * The rows of a style, for the network of `styles`: base and dials.
 * @returns Float32Array of all rows, one after another
 */
export async function readStyle(file, styles) {
  let rows, network;
  try {
    if (file.size > MOST_BYTES) throw new Error("size");
    const arrays = await unzip(await file.arrayBuffer());
    rows = readArray(arrays.get("rows.npy"));
    const card = readArray(arrays.get("card.npy"));
    network = JSON.parse(card.values).network;
  } catch {
    throw new BadStyle(
      `“${file.name}” is not a style file, or is damaged. ` +
        "One that a training wrote is.",
    );
  }
  const fits = `${rows.shape}` === `${styles.shape?.slice(1)}`;
  if (!fits || network !== styles.digest || !rows.values.every(isFinite)) {
    throw new BadStyle(
      `“${file.name}” belongs to another network than this page's. ` +
        "Train it anew from this one.",
    );
  }
  return rows.values;
}

/** Members of a zip, by name, as its directory at the end lists them. */
async function unzip(buffer) {
  const view = new DataView(buffer);
  let end = buffer.byteLength - 22;
  while (view.getUint32(end, true) !== 0x06054b50) end--; // Throws below 0.
  const members = new Map();
  let at = view.getUint32(end + 16, true);
  for (let count = view.getUint16(end + 10, true); count > 0; count--) {
    const [method, packed, nameLength, extra, comment] = [
      view.getUint16(at + 10, true),
      view.getUint32(at + 20, true),
      view.getUint16(at + 28, true),
      view.getUint16(at + 30, true),
      view.getUint16(at + 32, true),
    ];
    const local = view.getUint32(at + 42, true);
    const name = new Uint8Array(buffer, at + 46, nameLength);
    const start =
      local +
      30 +
      view.getUint16(local + 26, true) +
      view.getUint16(local + 28, true);
    const data = new Uint8Array(buffer, start, packed);
    const content = method === 8 ? await inflate(data) : data.slice().buffer;
    members.set(new TextDecoder().decode(name), content);
    at += 46 + nameLength + extra + comment;
  }
  return members;
}

function inflate(data) {
  const stream = new DecompressionStream("deflate-raw");
  return new Response(new Blob([data]).stream().pipeThrough(stream))
    .arrayBuffer();
}

/** {shape, values} of a .npy: numbers of half precision, or text. */
function readArray(buffer) {
  const view = new DataView(buffer);
  const wide = view.getUint8(6) > 1; // The format's version.
  const start = wide ? 12 : 10;
  const length = wide ? view.getUint32(8, true) : view.getUint16(8, true);
  const header = new TextDecoder().decode(
    new Uint8Array(buffer, start, length),
  );
  const [, kind] = header.match(/'descr': '<(f2|U)/);
  const [, sides] = header.match(/'shape': \(([^)]*)\)/);
  if (!header.includes("'fortran_order': False")) throw new Error("order");
  const shape = sides.split(",").filter(Boolean).map(Number);
  const data = buffer.slice(start + length);
  if (kind === "U") {
    const letters = Array.from(new Uint32Array(data)).filter(Boolean);
    const text = letters.map((code) => String.fromCodePoint(code)).join("");
    return { shape, values: text };
  }
  const values = Float32Array.from(new Uint16Array(data), fromHalf);
  if (values.length !== shape.reduce((a, b) => a * b, 1)) {
    throw new Error("length");
  }
  return { shape, values };
}

/** A number from the 16 bits of its half precision. */
function fromHalf(bits) {
  const sign = bits & 0x8000 ? -1 : 1;
  const exponent = (bits >> 10) & 31;
  const fraction = bits & 1023;
  if (exponent === 31) return fraction ? NaN : sign * Infinity;
  if (exponent === 0) return sign * fraction * 2 ** -24;
  return sign * (1024 + fraction) * 2 ** (exponent - 25);
}
