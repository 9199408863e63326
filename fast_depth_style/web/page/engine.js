// Runs in a worker: one network in onnxruntime-web, one picture at a time.

let ort, session;

/** Loads the network; paints the check's picture, and compares. */
async function load({ engine, libraries, binary, network, threads, check }) {
  ort = await import(libraries + `ort.${engine}.min.mjs`);
  ort.env.wasm.wasmPaths = libraries;
  ort.env.wasm.wasmBinary = binary;
  ort.env.wasm.numThreads = threads;
  ort.env.logLevel = "error";
  session = await ort.InferenceSession.create(network, {
    executionProviders: [engine],
    graphOptimizationLevel: "all",
  });
  const { width, height, vector, expected } = check;
  const painted = await paint({ width, height, vector, rgba: check.rgba });
  let sum = 0;
  for (let i = 0; i < expected.length; i++) {
    sum += Math.abs(painted[i] - expected[i]);
  }
  // Not (mean < 1): a NaN is wrong, too.
  if (!(sum / expected.length < 1)) throw new Error(`${engine} paints wrongly`);
}

/** From RGBA bytes to RGBA bytes of the painting. */
async function paint({ width, height, rgba, vector }) {
  const pixels = width * height;
  const image = new Float32Array(pixels * 3);
  for (let i = 0, j = 0; j < image.length; i += 4, j += 3) {
    image[j] = rgba[i];
    image[j + 1] = rgba[i + 1];
    image[j + 2] = rgba[i + 2];
  }
  const tensor = (data, shape) => new ort.Tensor("float32", data, shape);
  const inputs = { image: tensor(image, [1, height, width, 3]) };
  if (vector) inputs.vector = tensor(vector, [vector.length]);
  const { stylized_image: output } = await session.run(inputs);
  const made = output.data;
  const bytes = new Uint8ClampedArray(pixels * 4); // Rounds what it is given.
  for (let i = 0, j = 0; j < made.length; i += 4, j += 3) {
    bytes[i] = made[j];
    bytes[i + 1] = made[j + 1];
    bytes[i + 2] = made[j + 2];
    bytes[i + 3] = 255;
  }
  output.dispose();
  return bytes;
}

self.onmessage = async ({ data }) => {
  try {
    if (data.type === "load") {
      await load(data);
      self.postMessage({ type: "ready" });
    } else {
      const rgba = await paint(data);
      self.postMessage({ type: "painted", rgba }, [rgba.buffer]);
    }
  } catch (error) {
    self.postMessage({ type: "failed", text: String(error?.message ?? error) });
  }
};
