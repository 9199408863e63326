"""The demo: paint, train, export, stylize, and show it all on one page."""

import pathlib
import time

from fast_depth_style.demo import page
from fast_depth_style.demo.samples import write_samples
from fast_depth_style.images.files import Picture, read_rgb, write_picture
from fast_depth_style.perception.registry import depth_network
from fast_depth_style.serving.export import export
from fast_depth_style.serving.export_settings import ExportSettings
from fast_depth_style.serving.network import read_network
from fast_depth_style.serving.saved_model import read_card, read_model
from fast_depth_style.stylization.tiles import stylize
from fast_depth_style.training.run import export_run, train
from fast_depth_style.training.settings import preset

_VARIANTS = ("_no_depth", "_mobile")


def run(
    output: str | pathlib.Path,
    styles: str | pathlib.Path,
    steps: int | None = None,
) -> pathlib.Path:
    """Trains a style from scratch and shows it beside the shipped ones.

    Args:
        output: Folder for everything the demo makes; an interrupted demo
            continues in it.
        styles: Folder of shipped models; those in it are shown too, but for
            their variants without depth and for phones.
        steps: Length of training; None is the preset's.

    Returns:
        The page.

    Raises:
        RequestError: scikit-learn, whose sample photos are used, is missing.
    """
    output = pathlib.Path(output)
    seconds = {}
    started = time.monotonic()

    def lap(name):
        nonlocal started
        seconds[name] = time.monotonic() - started
        started = time.monotonic()

    print("1/5 Painting a picture to learn from", flush=True)
    painting, photos = write_samples(output)
    lap("painting")

    print("2/5 Training on sample photos; the same command continues")
    settings = preset(
        "quick", style=str(painting), content=str(photos), steps=steps
    )
    workdir = output / "training"
    train(settings, workdir)
    model = export_run(workdir).parent
    lap("training")

    print("3/5 Exporting for phones", flush=True)
    for_phones = ExportSettings(("tflite_float16",), (256,), str(photos))
    phone, *_ = export(read_network(model), read_card(model), model, for_phones)
    lap("export")

    print("4/5 Stylizing", flush=True)
    models = {"our painting": model} | {
        folder.name.replace("_", " "): folder
        for folder in sorted(pathlib.Path(styles).glob("*"))
        if (folder / "1").is_dir() and not folder.name.endswith(_VARIANTS)
    }
    pictures = {}
    for label, folder in models.items():
        loaded = read_model(folder)
        for photo in sorted(photos.iterdir()):
            stylized = stylize(loaded, read_rgb(photo))
            pictures[label, photo.stem] = stylized
            name = f"{photo.stem}_{label.replace(' ', '_')}.jpg"
            write_picture(output / name, Picture(stylized))
    lap("stylizing")

    print("5/5 Writing the page", flush=True)
    originals = {p.stem: read_rgb(p) for p in sorted(photos.iterdir())}
    html = page.render(
        read_rgb(painting),
        originals,
        pictures,
        depth_network("compact"),
        workdir,
        seconds,
        phone,
    )
    path = output / "index.html"
    path.write_text(html)
    print(f"Done in {sum(seconds.values()):.0f} s. Open {path.resolve()}")
    return path
