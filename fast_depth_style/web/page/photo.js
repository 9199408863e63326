// Photos from files: read, turned upright, scaled; paintings to files.

export const MOST_MEGAPIXELS = 64;
const LEAST_SIDE = 16;
const MOST_SAVED = 16e6; // Pixels; some phones have no larger canvas.

/** A message for the person who gave the file. */
export class BadPhoto extends Error {}

/** Reads a file. The picture is upright; its size is known, not its pixels. */
export async function openPhoto(file) {
  const image = new Image();
  const address = URL.createObjectURL(file);
  image.src = address;
  try {
    await new Promise((resolve, reject) => {
      image.onload = resolve;
      image.onerror = reject;
    });
    const { naturalWidth: width, naturalHeight: height } = image;
    const megapixels = (width * height) / 1e6;
    if (megapixels > MOST_MEGAPIXELS) {
      throw new BadPhoto(
        `This picture has ${Math.round(megapixels)} megapixels; ` +
          `${MOST_MEGAPIXELS} are the most. Make it smaller first.`,
      );
    }
    if (Math.min(width, height) < LEAST_SIDE) {
      throw new BadPhoto(
        `This picture is ${width} by ${height} pixels; ` +
          `${LEAST_SIDE} a side are the least.`,
      );
    }
    await image.decode();
    // Decoded once; what is scaled later is scaled from this.
    return drawn(image, width, height, fit(width, height, MOST_SAVED));
  } catch (error) {
    if (error instanceof BadPhoto) throw error;
    const name = file.name ? `“${file.name}”` : "This";
    throw new BadPhoto(
      `${name} is not a picture that this browser can read. ` +
        "Try a JPEG or PNG file.",
    );
  } finally {
    URL.revokeObjectURL(address);
  }
}

/** Width and height of about `pixels`, or the ones given if not larger. */
export function fit(width, height, pixels) {
  const factor = Math.min(1, Math.sqrt(pixels / (width * height)));
  const side = (length) => Math.max(LEAST_SIDE, Math.round(length * factor));
  return factor < 1 ? [side(width), side(height)] : [width, height];
}

function drawn(source, width, height, [toWidth, toHeight]) {
  const canvas = document.createElement("canvas");
  canvas.width = toWidth;
  canvas.height = toHeight;
  const context = canvas.getContext("2d", { willReadFrequently: true });
  context.imageSmoothingQuality = "high";
  context.fillStyle = "white"; // Behind what is transparent.
  context.fillRect(0, 0, toWidth, toHeight);
  context.drawImage(source, 0, 0, width, height, 0, 0, toWidth, toHeight);
  return canvas;
}

/** The pixels to paint: as they are up to 1.5 times `pixels`, else scaled. */
export function pixelsOf(source, width, height, pixels) {
  const large = width * height > 1.5 * pixels;
  const size = large ? fit(width, height, pixels) : [width, height];
  const canvas = drawn(source, width, height, size);
  return canvas.getContext("2d").getImageData(0, 0, ...size);
}

/** Downloads a painting as JPEG, enlarged to the size of its photo. */
export async function save(painting, width, height, name) {
  const size = [painting.width, painting.height];
  const canvas = drawn(painting, ...size, [width, height]);
  const blob = await new Promise((resolve) =>
    canvas.toBlob(resolve, "image/jpeg", 0.93),
  );
  const link = document.createElement("a");
  link.href = URL.createObjectURL(blob);
  link.download = name;
  link.click();
  setTimeout(() => URL.revokeObjectURL(link.href), 10000);
}
