"""The demo: train, export, stylize, and show it all on one page."""

import dataclasses
import json
import os
import pathlib
import time

from fast_depth_style import files
from fast_depth_style.demo import page
from fast_depth_style.demo.samples import write_samples
from fast_depth_style.errors import RequestError
from fast_depth_style.exporting.export import REPORT, export
from fast_depth_style.exporting.settings import ExportSettings
from fast_depth_style.exporting.shipped_card import SHIPPED, shipped_styles
from fast_depth_style.exporting.style_file import SUFFIX
from fast_depth_style.exporting.verification import Verification
from fast_depth_style.images.files import read_rgb, write_picture
from fast_depth_style.images.picture import Picture
from fast_depth_style.perception.compact_depth import CompactDepth
from fast_depth_style.stylization.model import load_styled
from fast_depth_style.stylization.settings import StylizeSettings
from fast_depth_style.stylization.tiles import stylize
from fast_depth_style.training.run import export_run, train
from fast_depth_style.training.saved_run import load_network
from fast_depth_style.training.settings import preset


def run(
    output: str | os.PathLike[str], steps: int | None = None
) -> pathlib.Path:
    """Adds a style to the shipped network and shows it beside the others.

    An interrupted demo continues in its `output` folder. `steps` is the length
    of training, by default the preset's. Returns the page. RequestError where
    the output cannot be used, or scikit-learn, for its photos, is missing.
    """
    settings = preset("quick", steps=steps)
    output = files.resolve(output, "output")
    if {*",:"} & {*str(output)}:  # As in the path of a style file.
        raise RequestError(f"--output={output}: without commas and colons")
    files.require_own_folder(output, "output", "demo")
    files.require_writable(output, "output")
    files.mark_own_folder(output, "demo")
    seconds = {}
    started = time.monotonic()

    def lap(name):
        nonlocal started
        seconds[name] = time.monotonic() - started
        started = time.monotonic()

    print("1/5 Writing a painting to learn from, and photos", flush=True)
    painting, photos = write_samples(output)
    lap("samples")

    print("2/5 Training on sample photos; the same command continues")
    settings = dataclasses.replace(
        settings, style=(str(painting),), content=str(photos)
    )
    workdir = output / "training"
    train(settings, workdir)
    model = export_run(workdir).parent
    lap("training")

    print("3/5 Exporting for phones", flush=True)
    for_phones = ExportSettings(("tflite_float16",), ("256",), str(photos))
    export(load_network(workdir), model, for_phones)
    figures = json.loads((model / REPORT).read_text())["formats"]
    phone = Verification(**figures["tflite_float16"][0])
    lap("export")

    print("4/5 Stylizing", flush=True)
    own = workdir / f"{painting.stem}{SUFFIX}"
    first, *others = shipped_styles()
    styles = {
        "our painting": str(own),
        f"our painting and {first}": f"{own}:0.5,{first}:0.5",
    } | {style: style for style in (first, *others)}
    models = {
        label.replace("_", " "): load_styled(
            SHIPPED, StylizeSettings(style=style)
        )
        for label, style in styles.items()
    }
    originals = {path.stem: read_rgb(path) for path in sorted(photos.iterdir())}
    pictures = {}
    for label, loaded in models.items():
        for name, photo in originals.items():
            pictures[label, name] = stylize(loaded, photo)
            file = output / f"{name}_{label.replace(' ', '_')}.jpg"
            write_picture(file, Picture(pictures[label, name]))
    lap("stylizing")

    print("5/5 Writing the page", flush=True)
    text = page.render(
        read_rgb(painting),
        originals,
        pictures,
        CompactDepth(),
        workdir,
        seconds,
        phone,
    )
    path = output / "index.html"
    files.write_text(path, text)
    print(f"Done in {sum(seconds.values()):.0f} s. Open {path}")
    return path
