"""Reconstructs pictures from what the layers of a perceptual network keep.

Content is reconstructed from one layer at a time, style from more and more of
them, each from noise (Gatys, Ecker, Bethge 2015, figure 1; Mahendran, Vedaldi
2015 for content).
"""

import os
import pathlib

import numpy as np

from fast_depth_style import files
from fast_depth_style.images.files import read_rgb, write_picture
from fast_depth_style.images.picture import Picture
from fast_depth_style.images.size import resize
from fast_depth_style.optimization.optimize import (
    checked_output,
    open_pictures,
    optimize,
    read_state,
    require_same_picture,
    run_folder,
)
from fast_depth_style.optimization.settings import (
    OptimizationSettings,
    ReconstructionSettings,
)
from fast_depth_style.perception import registry
from fast_depth_style.runs.pictures import titled_sheet

_WIDTH = 240  # Of each picture in the sheet.


def reconstruct(
    settings: ReconstructionSettings, output: str | os.PathLike[str]
) -> pathlib.Path:
    """Makes a sheet of reconstructions, or continues to.

    Beside sheet.png, sheet.run receives each reconstruction as NAME.png, with
    the folder that `optimize` keeps of it. The sheet is drawn again after each
    of them. The same command continues, and a list with other layers makes
    only those that are new.

    Returns:
        The folder with the reconstructions.

    Raises:
        RequestError: Something asked for cannot be had; found before the work
            starts, nothing has been written.
        NotFiniteError: A loss is not finite.
        KeyboardInterrupt: Ctrl-C was pressed or SIGTERM received.
    """
    wanted = settings.reconstructions()
    output = checked_output(output, wanted.values())
    folder = run_folder(output)
    made = {name: folder / f"{name}.png" for name in wanted}
    files.require_own_folder(
        folder,
        "output",
        "reconstructions",
        [path.name for path in made.values()],
    )
    # One network for all: steps are compiled, so each computes no deeper than
    # its own layers.
    perceptual = registry.perceptual_network(
        settings.perceptual_network,
        {
            layer
            for each in wanted.values()
            for layer in each.resolved_style_layers()
        },
        pooling=settings.pooling,
    )
    originals = {}
    for each in wanted.values():
        if each.content not in originals:
            _, work = open_pictures(each, perceptual)
            originals[each.content] = work.inputs.photo
    for name, each in wanted.items():
        require_same_picture(run_folder(made[name]), each)
    files.mark_own_folder(folder, "reconstructions")
    for index, (name, each) in enumerate(wanted.items(), 1):
        state = read_state(run_folder(made[name]))
        try:
            if state is None or state.done < each.iterations:
                print(f"{index} of {len(wanted)}: {name}", flush=True)
                optimize(each, made[name], perceptual)
        finally:
            # After Ctrl-C too, with the picture so far.
            _draw_sheet(output, wanted, made, originals)
    return folder


def _draw_sheet(
    output: pathlib.Path,
    wanted: dict[str, OptimizationSettings],
    made: dict[str, pathlib.Path],
    originals: dict[str, np.ndarray],
) -> None:
    """Draws a row for content and one for style, the original first."""
    rows = []
    for title, kind in (("picture", "content_"), ("painting", "style_to_")):
        names = [name for name in wanted if name.startswith(kind)]
        if not names:
            continue
        row = [(title, originals[wanted[names[0]].content])]
        row += [
            (name.replace(kind, kind.replace("_", " ")), read_rgb(made[name]))
            for name in names
            if made[name].exists()
        ]
        height, width = row[0][1].shape[:2]
        size = (max(1, round(_WIDTH * height / width)), _WIDTH)
        rows.append([(says, resize(rgb, size)) for says, rgb in row])
    write_picture(output, Picture(titled_sheet(rows)))
