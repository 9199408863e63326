"""The page that the demo ends with; it needs no other file."""

import base64
import html
import io
import pathlib

import matplotlib
import numpy as np
from PIL import Image

from fast_depth_style.images.size import fit_short_side
from fast_depth_style.perception.depth_estimator import DepthEstimator
from fast_depth_style.serving.proof import Proof

_SHORT_SIDE = 360
_CSS = """
body { font: 16px/1.5 system-ui, sans-serif; color: #222; margin: 2rem auto;
  max-width: 80rem; padding: 0 1rem; }
.row { display: grid; gap: 1rem;
  grid-template-columns: repeat(auto-fill, minmax(18rem, 1fr)); }
figure { margin: 0; }
img { max-width: 100%; height: auto; border-radius: 4px; }
figure img { width: 100%; }
figcaption { color: #555; font-size: .9rem; }
td { padding: .1rem 1rem .1rem 0; }
"""


def render(
    painting: np.ndarray,
    photos: dict[str, np.ndarray],
    pictures: dict[tuple[str, str], np.ndarray],
    estimator: DepthEstimator,
    workdir: pathlib.Path,
    seconds: dict[str, float],
    phone: Proof,
) -> str:
    """Lays out the page.

    Args:
        painting: (height, width, 3) uint8, what the style was learned from.
        photos: {name: (height, width, 3) uint8}.
        pictures: {(style, name of the photo): stylized photo}.
        estimator: Draws the depth maps.
        workdir: The training run, for its curves and its strips.
        seconds: {part of the demo: how long it took}.
        phone: Of the exported TFLite file.

    Returns:
        HTML with all pictures in it.
    """
    parts = [
        "<h1>fast_depth_style: the demo</h1>",
        "<p>A network was trained on this machine, from nothing, to paint"
        " photos in the manner of the first picture while it keeps their"
        " depth.</p>",
        _row([_figure("The painting, made by a program", painting)]),
    ]
    for name, photo in photos.items():
        versions = {"Photo": photo} | {
            f"Stylized: {style}": picture
            for (style, of), picture in pictures.items()
            if of == name
        }
        figures = [
            _figure(caption, picture, _depth(estimator, picture))
            for caption, picture in versions.items()
        ]
        parts += [f"<h2>{html.escape(name)}, and its depth</h2>", _row(figures)]
    parts.append("<h2>Training</h2>")
    for file, caption in (
        ("losses.png", "The terms of the loss, step by step"),
        ("previews/latest.png", "Training photos, and the last strip"),
    ):
        parts.append(
            f'<p><img alt="{caption}" src="{_file_uri(workdir / file)}">'
            f"<br>{caption}</p>"
        )
    rows = "".join(
        f"<tr><td>{html.escape(name)}</td><td>{value:.1f} s</td></tr>"
        for name, value in seconds.items()
    )
    parts.append(f"<h2>Time</h2><table>{rows}</table>")
    agreement = (
        "equal to" if phone.psnr is None else f"{phone.psnr:.0f} dB from"
    )
    parts.append(
        f"<p>For phones, {html.escape(phone.file)}:"
        f" {phone.bytes / 1e6:.1f} MB, {agreement} the network (PSNR of the"
        f" worst picture), {1000 * phone.seconds:.0f} ms for"
        f" {phone.size[1]}x{phone.size[0]} pixels on one thread of this"
        " machine.</p>"
    )
    return (
        '<!DOCTYPE html>\n<html lang="en"><head><meta charset="utf-8">'
        f"<title>fast_depth_style</title><style>{_CSS}</style></head>\n<body>"
        + "\n".join(parts)
        + "\n</body></html>\n"
    )


def _depth(estimator, picture):
    """A depth map as colours: near is light, whatever the network returns."""
    depth = np.asarray(estimator(picture[None].astype(np.float32)))[0]
    if estimator.quantity == "depth":
        depth = -depth
    low, high = np.percentile(depth, (2, 98))
    scaled = np.clip((depth - low) / (high - low + 1e-9), 0, 1)
    colours = matplotlib.colormaps["magma"](scaled)[..., :3]
    small = Image.fromarray((255 * colours).astype(np.uint8))
    height, width = picture.shape[:2]
    return np.asarray(small.resize((width, height), Image.Resampling.BILINEAR))


def _row(figures):
    return f'<div class="row">{"".join(figures)}</div>'


def _figure(caption, *pictures):
    text = html.escape(caption)
    images = "".join(
        f'<img alt="{text}" src="{_picture_uri(picture)}">'
        for picture in pictures
    )
    return f"<figure>{images}<figcaption>{text}</figcaption></figure>"


def _picture_uri(picture):
    buffer = io.BytesIO()
    small = fit_short_side(picture, min(_SHORT_SIDE, *picture.shape[:2]))
    Image.fromarray(small).save(buffer, "JPEG", quality=88)
    return _uri(buffer.getvalue(), "jpeg")


def _file_uri(path):
    return _uri(path.read_bytes(), "png")


def _uri(data, kind):
    return f"data:image/{kind};base64,{base64.b64encode(data).decode()}"
