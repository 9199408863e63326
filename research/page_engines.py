"""Times two libraries that run networks in browsers, as ratios in one run.

    npm install --prefix=FOLDER onnxruntime-web@1.30.0 @litertjs/core@2.5.3
    python research/page_engines.py --libraries=FOLDER/node_modules

The shipped network in headless Chromium, by WebAssembly: onnxruntime-web with
the one file of the page, of any size, and LiteRT.js with a file of float16
weights of each size. Each has a window of its own; they paint in turns, so that
what else the machine does slows both. Their paintings are compared first.
Needs pip install 'fast-depth-style[test]' and Chromium.

Time: ten minutes on two cores that have nothing else to do.
Expected: research/notes.md, "Libraries compared".
"""

import functools
import http.server
import json
import pathlib
import shutil
import statistics
import tempfile
import threading
from typing import Any

import numpy as np
import onnx
from absl import flags

from fast_depth_style.exporting.onnx_file import write_onnx
from fast_depth_style.exporting.shipped import read_shipped
from fast_depth_style.exporting.tflite import convert_tflite
from fast_depth_style.networks.onnx_graph import store_as_float16
from fast_depth_style.tools import program

_LIBRARIES = flags.DEFINE_string(
    "libraries", None, "The folder node_modules.", required=True
)
_SIZES = flags.DEFINE_list("sizes", "512x384,1024x680", "WIDTHxHEIGHT each.")
_ROUNDS = flags.DEFINE_integer("rounds", 10, "Rounds that count.", 1)
_THREADS = flags.DEFINE_integer("threads", 2, "Threads of each library.", 1)
_CHROMIUM = flags.DEFINE_string("chromium", "/usr/bin/chromium", "Program.")

_PAGE = """<!doctype html><script type="importmap">{"imports": {
  "@litertjs/wasm-utils": "/litertjs/wasm-utils/dist/index.js"}}
</script><body></body>"""

# Shapes and values of an image of noise, the same in both.
_NOISE = """
const noise = (width, height) => {
  const image = new Float32Array(width * height * 3);
  let state = 1;
  for (let i = 0; i < image.length; i++) {
    state = (state * 16807) % 2147483647;
    image[i] = state % 256;
  }
  return image;
};
const vector = Float32Array.from(await (await fetch("/vector.json")).json());
const timed = async (paint) => {
  const since = performance.now();
  const made = await paint();
  const seconds = (performance.now() - since) / 1000;
  const some = Array.from({length: 999}, (_, i) => made[i * 97]);
  return {seconds, some};
};
"""

_ONNXRUNTIME = """
const ort = await import("/onnxruntime-web/dist/ort.wasm.min.mjs");
ort.env.wasm.wasmPaths = "/onnxruntime-web/dist/";
ort.env.wasm.numThreads = THREADS;
const session = await ort.InferenceSession.create("/network.onnx", {
  executionProviders: ["wasm"], graphOptimizationLevel: "all"});
window.paint = (width, height) => {
  const image = new ort.Tensor("float32", noise(width, height),
    [1, height, width, 3]);
  return timed(async () => (await session.run({
    image, vector: new ort.Tensor("float32", vector, [vector.length]),
  })).stylized_image.data);
};
"""

_LITERT = """
const {loadLiteRt, loadAndCompile, Tensor} = await import(
  "/litertjs/core/dist/index.js");
await loadLiteRt("/litertjs/core/wasm/", {threads: THREADS > 1});
const models = new Map();
window.paint = async (width, height) => {
  const name = `/${width}x${height}.tflite`;
  if (!models.has(name)) {
    models.set(name, await loadAndCompile(name,
      {accelerator: "wasm", cpuOptions: {numThreads: THREADS}}));
  }
  const model = models.get(name);
  const given = model.getInputDetails().map(({name}) => name);
  const inputs = Object.fromEntries(given.map((name) => [name,
    name.includes("image")
      ? new Tensor(noise(width, height), [1, height, width, 3])
      : new Tensor(vector, [vector.length])]));
  const found = await timed(async () => {
    const [output] = Object.values(await model.run(inputs));
    return output.toTypedArray().slice();
  });
  Object.values(inputs).forEach((tensor) => tensor.delete());
  return found;
};
"""


class _Handler(http.server.SimpleHTTPRequestHandler):
    extensions_map = {
        **http.server.SimpleHTTPRequestHandler.extensions_map,
        ".mjs": "text/javascript",
        ".wasm": "application/wasm",
    }

    def end_headers(self) -> None:
        # Both together let a page have threads.
        self.send_header("Cross-Origin-Opener-Policy", "same-origin")
        self.send_header("Cross-Origin-Embedder-Policy", "require-corp")
        super().end_headers()

    def log_message(self, *arguments: object) -> None:
        """Says nothing."""


def main() -> None:
    """Measures and prints a table."""
    sizes = [tuple(map(int, size.split("x"))) for size in _SIZES.value]
    with tempfile.TemporaryDirectory() as name:
        folder = pathlib.Path(name)
        _write_files(folder, sizes)
        handler = functools.partial(_Handler, directory=folder)
        with http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler) as s:
            threading.Thread(target=s.serve_forever, daemon=True).start()
            _measure(f"http://127.0.0.1:{s.server_port}/", sizes)
            s.shutdown()


def _write_files(folder: pathlib.Path, sizes: list[tuple[int, ...]]) -> None:
    libraries = pathlib.Path(_LIBRARIES.value).expanduser()
    shutil.copytree(libraries / "onnxruntime-web", folder / "onnxruntime-web")
    shutil.copytree(libraries / "@litertjs", folder / "litertjs")
    (folder / "index.html").write_text(_PAGE)
    network = read_shipped()
    vector = network.vectors(
        np.eye(len(network.styles), dtype="float32")[:1],
        np.full((1, 2), 0.5, "float32"),
    )
    text = json.dumps(np.asarray(vector)[0].tolist())
    (folder / "vector.json").write_text(text)
    write_onnx(network, folder / "network.onnx")
    model = onnx.load(folder / "network.onnx")
    store_as_float16(model)
    (folder / "network.onnx").write_bytes(model.SerializeToString())
    for width, height in sizes:
        content = convert_tflite(network, "float16", (height, width))
        (folder / f"{width}x{height}.tflite").write_bytes(content)


def _measure(address: str, sizes: list[tuple[int, ...]]) -> None:
    from playwright import sync_api

    with sync_api.sync_playwright() as playwright:
        browser = playwright.chromium.launch(
            executable_path=_CHROMIUM.value,
            args=["--no-sandbox", "--disable-gpu"],
        )
        windows = {
            name: _window(browser, address, script)
            for name, script in (
                ("onnxruntime-web", _ONNXRUNTIME),
                ("LiteRT.js", _LITERT),
            )
        }
        for size in sizes:
            _compare(windows, size)
        browser.close()


def _window(browser: Any, address: str, script: str) -> Any:
    window = browser.new_context().new_page()
    window.set_default_timeout(600_000)
    window.goto(address)
    script = script.replace("THREADS", str(_THREADS.value))
    window.evaluate(f"(async () => {{{_NOISE}{script}}})()")
    return window


def _compare(windows: dict[str, Any], size: tuple[int, ...]) -> None:
    paint = "size => window.paint(...size)"
    first = [
        window.evaluate(paint, size)["some"] for window in windows.values()
    ]
    difference = np.abs(np.subtract(*first)).max()
    if not difference < 1:
        raise RuntimeError(f"they paint unlike: {difference:.2f} grey levels")
    rounds = [
        [w.evaluate(paint, size)["seconds"] for w in windows.values()]
        for _ in range(_ROUNDS.value)
    ]
    ratios = [litert / onnxruntime for onnxruntime, litert in rounds]
    low, middle, high = np.percentile(ratios, (25, 50, 75))
    seconds = map(statistics.median, zip(*rounds, strict=True))
    print(
        f"{size[0]}x{size[1]}, {_THREADS.value} threads:",
        ", ".join(
            f"{name} {each:.2f} s"
            for name, each in zip(windows, seconds, strict=True)
        ),
        f"ratio {middle:.2f} [{low:.2f}, {high:.2f}],",
        f"fastest {min(r[0] for r in rounds):.2f} and"
        f" {min(r[1] for r in rounds):.2f} s,",
        f"paintings within {difference:.2f} grey levels",
        flush=True,
    )


if __name__ == "__main__":
    program.run(main)
