// The networks in their worker: loads them, paints, estimates depth, cancels.

import { AskedWorker, Canceled } from "./asked_worker.js";
import { addStyle, readStyles, vectorOf } from "./vectors.js";

const base = new URL(".", import.meta.url).href;
const NETWORK = "network/network.onnx";
const CAMERA = "network/camera.onnx";
const DEPTH = "network/depth.onnx";

const bytesOf = (text) => Uint8Array.from(atob(text), (c) => c.charCodeAt(0));

/** Does one thing at a time, in order. `styles` are known after `load`. */
export class Painter {
  #files = new Map();
  #worker = null;
  #engines = [];
  #started = null;
  #last = Promise.resolve();
  #camera = null; // Styles of its network.
  #fast = null; // That network, and its check.

  /** Pixels a second of the last painting; a guess before the first. */
  speed = 5e4;

  /** Loads everything; calls `progress(part, text)` with a part from 0 to 1. */
  async load(progress) {
    const answer = await fetch(base + "network/network.json");
    if (!answer.ok) throw new Error(`network.json: ${answer.status}`);
    this.about = await answer.json();
    this.styles = readStyles(this.about);
    this.#camera = this.about.camera && readStyles(this.about.camera);
    this.#engines = await engines(this.about.engines);
    this.#started = this.#start(progress);
    await this.#started;
  }

  /** Which engine paints: "wasm" or "webgpu". */
  get engine() {
    return this.#engines[0];
  }

  async #start(progress = () => {}) {
    for (;;) {
      try {
        return await this.#startEngine(this.engine, progress);
      } catch (error) {
        if (error instanceof Canceled || this.#engines.length < 2) throw error;
        this.#giveUpEngine(error);
      }
    }
  }

  #giveUpEngine(error) {
    console.warn(`${this.#engines.shift()} is not used: ${error.message}`);
    this.#worker?.end();
  }

  async #startEngine(engine, progress) {
    const library = `libraries/${this.about.engines[engine]}`;
    const [network, binary] = await this.#fetch([NETWORK, library], progress);
    progress(null, "Starting");
    this.#worker = new AskedWorker("engine.js");
    const cores = Math.min(4, navigator.hardwareConcurrency || 1);
    await this.#worker.ask({
      type: "load",
      engine,
      libraries: base + "libraries/",
      network,
      binary: binary.buffer,
      threads: self.crossOriginIsolated ? cores : 1,
      check: checkOf(this.about, this.styles),
    });
  }

  /** Contents of files of the page, each downloaded once. */
  async #fetch(names, progress) {
    const total = names.reduce((sum, name) => sum + this.about.bytes[name], 0);
    let before = 0;
    for (const name of names) {
      if (!this.#files.has(name)) {
        const file = await download(base + name, (count) =>
          progress((before + count) / total, "Loading"),
        );
        this.#files.set(name, file);
      }
      before += this.about.bytes[name];
    }
    return names.map((name) => this.#files.get(name));
  }

  /** Asks the worker, after all that was asked before. */
  #ask(message) {
    const asked = this.#last.then(async () => {
      await this.#started;
      return this.#worker.ask(message);
    });
    this.#last = asked.catch(() => {});
    return asked;
  }

  /** Whether the camera has a faster network, with all these styles. */
  isFast(weights) {
    const count = this.#camera?.styles.length ?? 0;
    return Object.keys(weights).every((number) => number < count);
  }

  /** Paints as `paint`, with the camera's network where it has the styles. */
  async paintFrame(image, weights, dials) {
    if (!this.isFast(weights)) return this.paint(image, weights, dials);
    this.#fast ??= {
      network: (await this.#fetch([CAMERA], () => {}))[0],
      check: checkOf(this.about.camera, this.#camera),
    };
    const vector = vectorOf(this.#camera, weights, dials);
    return this.#paint(image, { vector, ...this.#fast });
  }

  /** Paints ImageData with {number of a style: weight} and values of dials. */
  async paint(image, weights, dials) {
    const vector = vectorOf(this.styles, weights, dials);
    const since = performance.now();
    const made = await this.#paint(image, { vector });
    const pixels = image.width * image.height;
    this.speed = (pixels * 1000) / (performance.now() - since);
    return made;
  }

  async #paint(image, others) {
    const { width, height, data } = image;
    const request = { type: "paint", width, height, rgba: data, ...others };
    let made;
    try {
      made = await this.#ask(request);
    } catch (error) {
      if (error instanceof Canceled || this.#engines.length < 2) throw error;
      this.#giveUpEngine(error);
      this.#started = this.#start();
      made = await this.#ask(request);
    }
    return new ImageData(made.rgba, width, height);
  }

  /** The depth map of ImageData: {width, height, map}; the first one loads. */
  async depth(image, progress) {
    const [network] = await this.#fetch([DEPTH], progress);
    const { width, height, data } = image;
    const request = { type: "estimate", width, height, rgba: data, network };
    return this.#ask(request);
  }

  /** Adds a style to those of the network; returns its number. */
  addStyle(name, rows) {
    return addStyle(this.styles, name, rows);
  }

  /** Ends what is being done, by ending the worker. */
  cancel() {
    this.#worker?.end();
    this.#started = this.#start();
    this.#started.catch(() => {}); // What is asked next awaits it.
  }
}

/** What an engine paints first, and how it should look. */
function checkOf({ check }, styles) {
  const half = styles.dials.map(() => 0.5);
  return {
    width: check.width,
    height: check.height,
    rgba: bytesOf(check.picture),
    expected: bytesOf(check.painting),
    vector: vectorOf(styles, { 0: 1 }, half),
  };
}

/** Engines to try, the best first, of those whose libraries are there. */
async function engines(available) {
  const asked = new URLSearchParams(location.search).get("engine");
  const adapter = await navigator.gpu?.requestAdapter().catch(() => null);
  // A processor that stands in for a graphics card is slower than WASM.
  const real = adapter && !adapter.info?.isFallbackAdapter;
  const fast = "webgpu" in available && (asked ? asked === "webgpu" : real);
  return fast ? ["webgpu", "wasm"] : ["wasm"];
}

async function download(address, tell) {
  const answer = await fetch(address);
  if (!answer.ok) throw new Error(`${address}: ${answer.status}`);
  const parts = [];
  let count = 0;
  for (const reader = answer.body.getReader(); ; ) {
    const { done, value } = await reader.read();
    if (done) break;
    parts.push(value);
    tell((count += value.length));
  }
  return new Uint8Array(await new Blob(parts).arrayBuffer());
}
