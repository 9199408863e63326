// The network in its worker: loads it, paints with it, cancels.

import { readStyles, vectorOf } from "./vectors.js";

const base = new URL(".", import.meta.url).href;
const libraries = base + "libraries/";

const bytesOf = (text) => Uint8Array.from(atob(text), (c) => c.charCodeAt(0));

export class Canceled extends Error {}

/** Paints one picture at a time. `styles` are known after `load`. */
export class Painter {
  #files = new Map();
  #worker = null;
  #reject = null;
  #engines = [];
  #starting = null;

  /** Pixels a second of the last painting; a guess before the first. */
  speed = 5e4;

  /** Loads everything; calls `progress(part, text)` with a part from 0 to 1. */
  async load(progress) {
    const answer = await fetch(base + "network/network.json");
    if (!answer.ok) throw new Error(`network.json: ${answer.status}`);
    this.about = await answer.json();
    this.styles = readStyles(this.about);
    this.#engines = ["wasm"];
    // A processor that stands in for a graphics card is slower than WASM.
    const adapter = await navigator.gpu?.requestAdapter().catch(() => null);
    const real = adapter && !adapter.info?.isFallbackAdapter;
    if (real && "webgpu" in this.about.engines) this.#engines.unshift("webgpu");
    await this.#start(progress);
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
        this.#worker?.terminate();
        this.#engines.shift();
      }
    }
  }

  async #startEngine(engine, progress) {
    const library = `libraries/${this.about.engines[engine]}`;
    const names = ["network/network.onnx", library];
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
    progress(null, "Starting");
    // A worker of a blob inherits the page's content-security policy; one of
    // an address has none where the server sends none.
    const source = `import ${JSON.stringify(base + "engine.js")};`;
    const blob = new Blob([source], { type: "text/javascript" });
    const address = URL.createObjectURL(blob);
    this.#worker = new Worker(address, { type: "module" });
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
    await this.#ask({
      type: "load",
      engine,
      libraries,
      network: this.#files.get(names[0]),
      binary: this.#files.get(names[1]).buffer,
      threads: self.crossOriginIsolated ? cores : 1,
      check,
    });
    URL.revokeObjectURL(address);
  }

  #ask(message) {
    return new Promise((resolve, reject) => {
      this.#reject = reject;
      const worker = this.#worker;
      worker.onerror = (event) => {
        event.preventDefault();
        reject(new Error(event.message || "the worker could not start"));
      };
      worker.onmessage = ({ data }) =>
        data.type === "failed" ? reject(new Error(data.text)) : resolve(data);
      worker.postMessage(message);
    });
  }

  /**
   * Paints ImageData with {number of a style: weight} and values of dials.
   * The one before must be done.
   */
  async paint(image, weights, dials) {
    await this.#starting;
    const { width, height, data } = image;
    const vector = vectorOf(this.styles, weights, dials);
    const since = performance.now();
    const request = { type: "paint", width, height, rgba: data, vector };
    const { rgba } = await this.#ask(request);
    this.speed = (width * height * 1000) / (performance.now() - since);
    return new ImageData(rgba, width, height);
  }

  /** Ends what is being painted, by ending the worker. */
  cancel() {
    this.#worker?.terminate();
    this.#reject?.(new Canceled());
    this.#starting = this.#start();
    this.#starting.catch(() => {}); // `paint` awaits it.
  }
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
