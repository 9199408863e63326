// Photos from files: read, turned upright, scaled; paintings to files.

import { AskedWorker } from "./asked_worker.js";

const MOST = 200e6; // Pixels of a photo; phones take up to that many.
export const MOST_SAVED = 64e6; // Pixels of a saved painting.
const MOST_KEPT = 4e6; // Pixels of an open photo; paintings have fewer.
const BAND = 1e6; // Pixels that are enlarged at a time.
const LEAST_SIDE = 16;

/** A message for the person who gave the file. */
export class BadPhoto extends Error {}

/**
 * Reads a file.
 * @returns {file, width, height, canvas}: its size as it is looked at, and the
 *     photo itself, scaled if it is large
 */
export function openPhoto(file) {
  return withImage(file, async (image) => {
    const { naturalWidth: width, naturalHeight: height } = image;
    if (width * height > MOST) {
      throw new BadPhoto(
        `This picture has ${megapixels(width * height)} megapixels; ` +
          `${megapixels(MOST)} are the most. Make it smaller first.`,
      );
    }
    if (Math.min(width, height) < LEAST_SIDE) {
      throw new BadPhoto(
        `This picture is ${width} by ${height} pixels; ` +
          `${LEAST_SIDE} a side are the least.`,
      );
    }
    await image.decode();
    return { file, width, height, canvas: drawn(image, MOST_KEPT) };
  });
}

export const megapixels = (pixels) => Math.round(pixels / 1e6);

async function withImage(file, use) {
  const image = new Image();
  const address = URL.createObjectURL(file);
  image.src = address;
  try {
    await new Promise((resolve, reject) => {
      image.onload = resolve;
      image.onerror = reject;
    });
    return await use(image);
  } catch (error) {
    if (error instanceof BadPhoto) throw error;
    const { naturalWidth: width, naturalHeight: height } = image;
    const name = file.name ? `“${file.name}”` : "This";
    throw new BadPhoto(
      width
        ? `${name} cannot be held by this browser, or is damaged: ` +
          `it is ${width} by ${height} pixels. Make it smaller first.`
        : `${name} is not a picture that this browser can read. ` +
          "Try a JPEG or PNG file.",
    );
  } finally {
    URL.revokeObjectURL(address);
  }
}

/** Width and height of about `pixels`, or the ones given if not larger. */
function fit(width, height, pixels) {
  const factor = Math.min(1, Math.sqrt(pixels / (width * height)));
  const side = (length) => Math.max(LEAST_SIDE, Math.round(length * factor));
  return factor < 1 ? [side(width), side(height)] : [width, height];
}

/** A canvas with a picture, of about `pixels` or as many as there can be. */
function drawn(source, pixels) {
  const width = source.naturalWidth ?? source.videoWidth ?? source.width;
  const height = source.naturalHeight ?? source.videoHeight ?? source.height;
  for (; ; pixels = Math.min(pixels, width * height) / 2) {
    // A new one every time: one that was too large stays as it is.
    const canvas = document.createElement("canvas");
    const context = canvas.getContext("2d", { willReadFrequently: true });
    [canvas.width, canvas.height] = fit(width, height, pixels);
    context.imageSmoothingQuality = "high";
    context.fillStyle = "white"; // Behind what is transparent.
    context.fillRect(0, 0, canvas.width, canvas.height);
    context.drawImage(source, 0, 0, canvas.width, canvas.height);
    if (isHeld(canvas, context)) return canvas;
    if (pixels < 1e5) throw new BadPhoto("This browser has no room for it.");
  }
}

/** Whether a canvas has the colour that it was given: too large ones do not. */
function isHeld({ width, height }, context) {
  try {
    return context.getImageData(width - 1, height - 1, 1, 1).data[3] === 255;
  } catch {
    return false;
  }
}

/** The pixels to paint: as they are up to 1.5 times `pixels`, else scaled. */
export function pixelsOf(source, width, height, pixels) {
  const large = width * height > 1.5 * pixels;
  const canvas = drawn(source, large ? pixels : Infinity);
  const context = canvas.getContext("2d");
  return context.getImageData(0, 0, canvas.width, canvas.height);
}

/** Enlarges paintings to the size of their photos, along the photos' edges. */
export class Enlarger {
  #worker = null;

  /**
   * A canvas of a painting, as large as its photo if the browser has room.
   * @param made ImageData of the painting
   * @param source ImageData that it was made of
   */
  async enlarge(photo, made, source, progress) {
    const { width, height } = made;
    const wanted = Math.min(photo.width * photo.height, MOST_SAVED);
    const canvas = await withImage(photo.file, async (image) =>
      drawn(image, wanted),
    );
    const context = canvas.getContext("2d");
    if (canvas.width === width && canvas.height === height) {
      context.putImageData(made, 0, 0);
      return canvas;
    }
    this.#worker = new AskedWorker("enlarging.js");
    try {
      await this.#worker.ask({
        type: "prepare",
        painting: made.data,
        source: source.data,
        width,
        height,
      });
      const step = Math.max(1, Math.floor(BAND / canvas.width));
      for (let top = 0; top < canvas.height; top += step) {
        const rows = Math.min(step, canvas.height - top);
        const { data } = context.getImageData(0, top, canvas.width, rows);
        const size = { width: canvas.width, height: canvas.height };
        const { rgba } = await this.#worker.ask(
          { type: "band", rgba: data, top, ...size },
          [data.buffer],
        );
        context.putImageData(new ImageData(rgba, canvas.width), 0, top);
        progress((top + rows) / canvas.height);
      }
    } finally {
      this.cancel();
    }
    return canvas;
  }

  cancel() {
    this.#worker?.end();
    this.#worker = null;
  }
}

/** Downloads a canvas as JPEG. */
export async function download(canvas, name) {
  const blob = await new Promise((resolve) =>
    canvas.toBlob(resolve, "image/jpeg", 0.93),
  );
  if (!blob) throw new BadPhoto("This browser could not write the picture.");
  const link = document.createElement("a");
  link.href = URL.createObjectURL(blob);
  link.download = name;
  link.click();
  setTimeout(() => URL.revokeObjectURL(link.href), 10000);
}
