"""Finds the JavaScript library that runs networks in a browser.

It is onnxruntime-web, of the version in package.json, too large for the
package: `make page-libraries` fetches it from npm.
"""

import json
import os
import pathlib

from fast_depth_style import files
from fast_depth_style.errors import RequestError

ENGINES = {
    "wasm": (
        "ort.wasm.min.mjs",
        "ort-wasm-simd-threaded.mjs",
        "ort-wasm-simd-threaded.wasm",
    ),
    "webgpu": (
        "ort.webgpu.min.mjs",
        "ort-wasm-simd-threaded.asyncify.mjs",
        "ort-wasm-simd-threaded.asyncify.wasm",
    ),
}
"""Files of each engine, the largest last. The second is for graphics cards."""

_HERE = pathlib.Path(__file__).parent
_FETCHED = _HERE / "node_modules/onnxruntime-web/dist"


def find_libraries(
    folder: str | os.PathLike[str] | None = None,
) -> dict[str, list[pathlib.Path]]:
    """Finds the files of each engine that is there, "wasm" at least.

    Args:
        folder: Where they lie: the folder `dist` of onnxruntime-web, or one
            above it that npm wrote; by default where `make page-libraries`
            puts them.

    Raises:
        RequestError: Files are missing.
    """
    place = _FETCHED
    if folder is not None:
        place = files.resolve(folder, "libraries")
        below = place / "node_modules/onnxruntime-web/dist"
        place = below if below.is_dir() else place
    found = {
        name: [place / file for file in needed]
        for name, needed in ENGINES.items()
        if all((place / file).is_file() for file in needed)
    }
    if "wasm" in found:
        return found
    missing = next(f for f in ENGINES["wasm"] if not (place / f).is_file())
    package = json.loads((_HERE / "package.json").read_text())
    ((name, version),) = package["dependencies"].items()
    raise RequestError(
        f"--libraries={files.printable(place)} has no {missing}: run make"
        f" page-libraries in a checkout, or npm install {name}@{version} and"
        " give --libraries=node_modules/onnxruntime-web/dist"
    )
