"""The demo's HTML report."""

import html
import pathlib
from collections.abc import Mapping

import numpy as np

from fast_depth_style.evaluation import html_page
from fast_depth_style.exporting.verification import Verification
from fast_depth_style.perception.depth_estimator import DepthEstimator


def render(
    painting: np.ndarray,
    photos: Mapping[str, np.ndarray],
    pictures: Mapping[tuple[str, str], np.ndarray],
    estimator: DepthEstimator,
    workdir: pathlib.Path,
    seconds: Mapping[str, float],
    phone: Verification,
) -> str:
    """Makes the page, as HTML with all pictures in it.

    Args:
        painting: (height, width, 3) uint8, what the style was learned from.
        photos: {name: photo}, uint8 as well.
        pictures: {(style, name of the photo): stylized photo}.
        estimator: Draws the depth maps.
        workdir: The training run, for its curves and its strips.
        seconds: {part of the demo: how long it took}.
        phone: Of the exported TFLite file.
    """
    figure = html_page.figure
    parts = [
        "<p>The network of the package learned on this machine to paint"
        " photos in the manner of the first picture, too.</p>",
        html_page.row([figure("The painting, made by a program", painting)]),
    ]
    for name, photo in photos.items():
        versions = {"Photo": photo} | {
            f"Stylized: {style}": picture
            for (style, of), picture in pictures.items()
            if of == name
        }
        figures = [
            figure(text, each, html_page.depth_colours(estimator, each))
            for text, each in versions.items()
        ]
        parts.append(f"<h2>{html.escape(name)}, and its depth</h2>")
        parts.append(html_page.row(figures))
    losses, strip = (
        (workdir / name).read_bytes()
        for name in ("losses.png", "previews/latest.png")
    )
    times = [[name, f"{value:.1f} s"] for name, value in seconds.items()]
    agreement = (
        "equal to" if phone.psnr is None else f"{phone.psnr:.0f} dB from"
    )
    parts += [
        "<h2>Training</h2>",
        figure("The terms of the loss, step by step", losses),
        figure("Training photos, and the last strip", strip),
        "<h2>Time</h2>",
        html_page.table([], times),
        f"<p>For phones, {html.escape(phone.file)}:"
        f" {phone.bytes / 1e6:.1f} MB, {agreement} the network (PSNR of the"
        f" worst picture), {1000 * phone.seconds:.0f} ms for"
        f" {phone.size[1]}x{phone.size[0]} pixels on one thread of this"
        " machine.</p>",
    ]
    return html_page.page("fast_depth_style: the demo", parts)
