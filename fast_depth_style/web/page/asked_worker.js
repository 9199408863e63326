// A module of the page in a worker, asked one thing at a time.

const base = new URL(".", import.meta.url).href;

export class Canceled extends Error {}

/** Asks a worker that answers every message with one, {failed} if it fails. */
export class AskedWorker {
  #worker;
  #reject = null;

  constructor(module) {
    // A worker of a blob inherits the page's content-security policy; one of
    // an address has none where the server sends none.
    const source = `import ${JSON.stringify(base + module)};`;
    const blob = new Blob([source], { type: "text/javascript" });
    const address = URL.createObjectURL(blob);
    this.#worker = new Worker(address, { type: "module" });
    this.#worker.addEventListener("message", () =>
      URL.revokeObjectURL(address),
    );
  }

  /** The answer to a message; the one before must have been answered. */
  ask(message, transfer = []) {
    return new Promise((resolve, reject) => {
      this.#reject = reject;
      this.#worker.onerror = (event) => {
        event.preventDefault();
        reject(new Error(event.message || "the worker could not start"));
      };
      this.#worker.onmessage = ({ data }) =>
        data.failed ? reject(new Error(data.failed)) : resolve(data);
      this.#worker.postMessage(message, transfer);
    });
  }

  /** Ends it at once; what it was asked fails as `Canceled`. */
  end() {
    this.#worker.terminate();
    this.#reject?.(new Canceled());
  }
}

/** In the worker: answers with what a function of the message returns. */
export function answer(handle) {
  self.onmessage = async ({ data }) => {
    try {
      const made = await handle(data);
      self.postMessage(made, made.transfer ?? []);
    } catch (error) {
      self.postMessage({ failed: String(error?.message ?? error) });
    }
  };
}
