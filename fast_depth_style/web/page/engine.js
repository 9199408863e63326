// Runs in a worker: networks in onnxruntime-web, one picture at a time.

import { answer } from "./asked_worker.js";

let ort, engine, painting, camera, depth;

/** Loads the library and the network. */
async function load(request) {
  engine = request.engine;
  ort = await import(`${request.libraries}ort.${engine}.min.mjs`);
  ort.env.wasm.wasmPaths = request.libraries;
  ort.env.wasm.wasmBinary = request.binary;
  ort.env.wasm.numThreads = request.threads;
  ort.env.logLevel = "error";
  painting = await checked(request);
  return {};
}

/** Loads a network; paints the check's picture, and compares. */
async function checked({ network, check }) {
  const made = await session(network, engine);
  const { expected } = check;
  const { rgba } = await run(made, check);
  let sum = 0;
  for (let i = 0; i < expected.length; i++) {
    sum += Math.abs(rgba[i] - expected[i]);
  }
  // Not (mean < 1): a NaN is wrong, too.
  if (!(sum / expected.length < 1)) throw new Error(`${engine} paints wrongly`);
  return made;
}

function session(network, provider) {
  return ort.InferenceSession.create(network, {
    executionProviders: [provider],
    graphOptimizationLevel: "all",
    logSeverityLevel: 3,
  });
}

/** Float tensor of the colours of RGBA bytes. */
function tensorOf({ width, height, rgba }) {
  const image = new Float32Array(width * height * 3);
  for (let i = 0, j = 0; j < image.length; i += 4, j += 3) {
    image[j] = rgba[i];
    image[j + 1] = rgba[i + 1];
    image[j + 2] = rgba[i + 2];
  }
  return new ort.Tensor("float32", image, [1, height, width, 3]);
}

/** Paints; with the camera's network where the request brings it. */
async function paint(request) {
  if (!request.network) return run(painting, request);
  camera ??= await checked(request);
  return run(camera, request);
}

/** From RGBA bytes to RGBA bytes of the painting. */
async function run(network, request) {
  const { vector, width, height } = request;
  const inputs = { image: tensorOf(request) };
  if (vector) {
    inputs.vector = new ort.Tensor("float32", vector, [vector.length]);
  }
  const { stylized_image: output } = await network.run(inputs);
  const made = output.data;
  const rgba = new Uint8ClampedArray(width * height * 4); // Rounds.
  let sum = 0;
  for (let i = 0, j = 0; j < made.length; i += 4, j += 3) {
    rgba[i] = made[j];
    rgba[i + 1] = made[j + 1];
    rgba[i + 2] = made[j + 2];
    rgba[i + 3] = 255;
    sum += made[j];
  }
  output.dispose();
  // What drivers of graphics cards were seen to give: zeros, or no numbers.
  if (!(sum > 0)) throw new Error(`${engine} paints wrongly`);
  return { rgba, transfer: [rgba.buffer] };
}

/** From RGBA bytes to the map of the depth network, larger where nearer. */
async function estimate(request) {
  // Small enough for a processor, which needs no check.
  depth ??= await session(request.network, "wasm");
  const { inverse_depth: output } = await depth.run({
    image: tensorOf(request),
  });
  const [, , height, width] = output.dims;
  const map = Float32Array.from(output.data);
  output.dispose();
  return { width, height, map, transfer: [map.buffer] };
}

const requests = { load, paint, estimate };
answer((message) => requests[message.type](message));
