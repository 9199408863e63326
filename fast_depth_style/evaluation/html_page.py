"""Self-contained HTML pages."""

import base64
import html
import io
from collections.abc import Iterable, Sequence

import matplotlib
import numpy as np
from PIL import Image

from fast_depth_style.images.size import fit_short_side
from fast_depth_style.perception.depth_estimator import DepthEstimator

_SHORT_SIDE = 360
_CSS = """
body { font: 15px/1.5 system-ui, sans-serif; color: #222; margin: 2rem auto;
  max-width: 90rem; padding: 0 1rem; }
.wide { overflow-x: auto; }
.row { display: grid; gap: 1rem;
  grid-template-columns: repeat(auto-fill, minmax(16rem, 1fr)); }
.row img { width: 100%; }
table { border-collapse: collapse; font-variant-numeric: tabular-nums; }
th, td { padding: .35rem .7rem; text-align: left; vertical-align: top;
  border-bottom: 1px solid #ddd; }
thead th { border-bottom: 2px solid #888; font-size: .85rem; }
tr.control { color: #666; font-style: italic; }
td small { color: #666; display: block; white-space: nowrap; }
img { max-width: 100%; height: auto; }
figure { margin: 1rem 0; } figcaption { color: #555; }
"""


def page(title: str, parts: Iterable[str]) -> str:
    """A page of HTML parts under a heading."""
    return (
        '<!DOCTYPE html>\n<html lang="en"><head><meta charset="utf-8">'
        f"<title>{title}</title><style>{_CSS}</style></head>\n"
        f"<body><h1>{title}</h1>\n" + "\n".join(parts) + "\n</body></html>\n"
    )


def figure(caption: str, *pictures: np.ndarray | bytes) -> str:
    """Pictures below each other: (height, width, 3) uint8, or a PNG file."""
    text = html.escape(caption)
    images = "".join(
        f'<img alt="{text}" src="{_data(picture)}">' for picture in pictures
    )
    return f"<figure>{images}<figcaption>{text}</figcaption></figure>"


def row(figures: Iterable[str]) -> str:
    """Figures beside each other."""
    return f'<div class="row">{"".join(figures)}</div>'


def table(
    head: Iterable[str],
    rows: Sequence[Sequence[str]],
    classes: Sequence[str] = (),
) -> str:
    """A table of HTML cells; `classes` are those of the rows."""
    titles = "".join(f'<th scope="col">{title}</th>' for title in head)
    body = ""
    for index, (name, *cells) in enumerate(rows):
        kind = f' class="{classes[index]}"' if any(classes) else ""
        body += f'<tr{kind}><th scope="row">{name}</th>'
        body += "".join(f"<td>{cell}</td>" for cell in cells) + "</tr>"
    return (
        f'<div class="wide"><table><thead><tr>{titles}</tr></thead>'
        f"<tbody>{body}</tbody></table></div>"
    )


def depth_colours(estimator: DepthEstimator, rgb: np.ndarray) -> np.ndarray:
    """A picture's depth map as colours, of its size: near is light.

    The scale goes from the 2nd to the 98th percentile of the map itself.
    """
    depth = np.asarray(estimator(rgb[None].astype("float32")))[0]
    if estimator.quantity == "depth":
        depth = -depth
    low, high = np.percentile(depth, (2, 98))
    scaled = np.clip((depth - low) / (high - low + 1e-9), 0, 1)
    colours = matplotlib.colormaps["magma"](scaled)[..., :3]
    small = Image.fromarray((255 * colours).astype("uint8"))
    size = rgb.shape[1], rgb.shape[0]
    return np.asarray(small.resize(size, Image.Resampling.BILINEAR))


def _data(picture):
    kind = "png"
    if not isinstance(picture, bytes):
        side = min(_SHORT_SIDE, *picture.shape[:2])
        buffer, kind = io.BytesIO(), "jpeg"
        image = Image.fromarray(fit_short_side(picture, side))
        image.save(buffer, "JPEG", quality=88)
        picture = buffer.getvalue()
    return f"data:image/{kind};base64,{base64.b64encode(picture).decode()}"
