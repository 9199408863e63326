// The networks in their worker: loads them, paints, estimates depth, cancels.

import { AskedWorker, Canceled } from "./asked_worker.js";
import { addStyle, readStyles, vectorOf } from "./vectors.js";

const base = new URL(".", import.meta.url).href;
const NETWORK = "network/network.onnx";
const DEPTH = "network/depth.onnx";

const bytesOf = (text) => Uint8Array.from(atob(text), (c) => c.charCodeAt(0));

/** Does one thing at a time, in order. `styles` are known after `load`. */
export class Painter {
  #files = new Map();
  #worker = null;
  #engines = [];
  #started = null;
  #last = Promise.resolve();

  /** Pixels a second of the last painting; a guess before the first. */
  speed = 5e4;

  /** Loads everything; calls `progress(part, text)` with a part from 0 to 1. */
  async load(progress) {
    const answer = await fetch(base + "network/network.json");
    if (!answer.ok) throw new Error(`network.json: ${answer.status}`);
    this.about = await answer.json();
    this.styles = readStyles(this.about);
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
    const { width, height, picture, painting } = this.about.check;
    const half = this.styles.dials.map(() => 0.5);
    const check = {
      width,
      height,
      rgba: bytesOf(picture),
      expected: bytesOf(painting),
      vector: vectorOf(this.styles, { 0: 1 }, half),
    };
    const cores = Math.min(4, navigator.hardwareConcurrency || 1);
    await this.#worker.ask({
      type: "load",
      engine,
      libraries: base + "libraries/",
      network,
      binary: binary.buffer,
      threads: self.crossOriginIsolated ? cores : 1,
      check,
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

  /** Paints ImageData with {number of a style: weight} and values of dials. */
  async paint(image, weights, dials) {
    const { width, height, data } = image;
    const vector = vectorOf(this.styles, weights, dials);
    const request = { type: "paint", width, height, rgba: data, vector };
    const since = performance.now();
    let made;
    try {
      made = await this.#ask(request);
    } catch (error) {
      if (error instanceof Canceled || this.#engines.length < 2) throw error;
      this.#giveUpEngine(error);
      this.#started = this.#start();
      made = await this.#ask(request);
    }
    this.speed = (width * height * 1000) / (performance.now() - since);
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
