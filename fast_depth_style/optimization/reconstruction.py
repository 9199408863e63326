"""Looks inside a perceptual network: what its layers keep of a picture.

Content is reconstructed from one layer at a time, style from more and more of
them, each from noise (Gatys, Ecker, Bethge 2015, figure 1; Mahendran, Vedaldi
2015 for content).
"""

import os
import pathlib

import matplotlib.figure

from fast_depth_style.images.files import check_suffix, read_rgb
from fast_depth_style.optimization.optimize import Work, optimize
from fast_depth_style.optimization.reconstruction_settings import (
    ReconstructionSettings,
)
from fast_depth_style.optimization.state import (
    read_state,
    require_same_picture,
    require_writable,
    state_folder,
)
from fast_depth_style.perception import registry

_INCHES = 2.4
_DPI = 100


def reconstruct(
    settings: ReconstructionSettings, output: str | os.PathLike
) -> pathlib.Path:
    """Makes a sheet of reconstructions, or continues to.

    Beside sheet.png, sheet.run receives each reconstruction as NAME.png, with
    the folder that `optimize` keeps of it. The sheet is drawn again after each
    of them. The same command takes up where it was left, and a list with other
    layers makes only those that are new.

    Args:
        settings: What is reconstructed.
        output: The sheet's file; its folder exists.

    Returns:
        The folder with the reconstructions.

    Raises:
        RequestError: Something asked for cannot be had; found before the work
            starts, nothing has been written.
        NotFiniteError: A loss is not finite.
        KeyboardInterrupt: Ctrl-C was pressed.
    """
    output = pathlib.Path(output)
    check_suffix(output)
    require_writable(output)
    folder = state_folder(output)
    wanted = settings.reconstructions()
    files = {name: folder / f"{name}.png" for name in wanted}
    for name, each in wanted.items():
        require_same_picture(state_folder(files[name]), each)
    # One network for all: steps are compiled, so each computes no deeper than
    # its own layers.
    perceptual = registry.perceptual_network(
        settings.perceptual_network,
        {layer for each in wanted.values() for layer in each.layers},
        pooling=settings.pooling,
    )
    originals = {}
    for each in wanted.values():
        # Everything else that may be refused comes before the first file.
        if each.content not in originals:
            work = Work(each, perceptual)
            work.objective(0)
            originals[each.content] = work.photo
    folder.mkdir(parents=True, exist_ok=True)
    for index, (name, each) in enumerate(wanted.items(), 1):
        state = read_state(state_folder(files[name]))
        try:
            if state is None or state.done < each.iterations:
                print(f"{index} of {len(wanted)}: {name}", flush=True)
                optimize(each, files[name], perceptual)
        finally:
            # After Ctrl-C too, with the picture so far.
            begun = {n: f for n, f in files.items() if f.exists()}
            _draw_sheet(output, settings, originals, begun)
    return folder


def _draw_sheet(output, settings, originals, files):
    """A row for content and one for style, the originals in front."""
    rows = []
    if settings.picture:
        rows.append(
            [("picture", originals[settings.picture])]
            + _panels(files, "content_", settings.layers, "content: ")
        )
    if settings.style:
        rows.append(
            [("painting", originals[settings.style])]
            + _panels(files, "style_to_", settings.style_layers, "style to ")
        )
    columns = max(map(len, rows))
    shapes = [row[0][1].shape for row in rows]
    heights = [_INCHES * height / width + 0.3 for height, width, _ in shapes]
    figure = matplotlib.figure.Figure(
        figsize=(_INCHES * columns, sum(heights)), layout="constrained"
    )
    axes = figure.subplots(
        len(rows), columns, squeeze=False, height_ratios=heights
    )
    for each in axes.flat:
        each.axis("off")
    for row, places in zip(rows, axes, strict=True):
        for (title, rgb), each in zip(row, places, strict=False):
            each.set_title(title, fontsize=8)
            if rgb is not None:
                each.imshow(rgb, interpolation="lanczos")
    aside = output.with_name(f".{output.name}")
    figure.savefig(aside, dpi=_DPI)
    aside.replace(output)


def _panels(files, prefix, layers, title):
    """[(title, picture or None where it is not begun)]."""
    found = [(layer, files.get(f"{prefix}{layer}")) for layer in layers]
    return [
        (f"{title}{layer}", None if file is None else read_rgb(file))
        for layer, file in found
    ]
