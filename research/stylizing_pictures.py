"""Remakes the pictures of docs/stylizing.md, by the commands that stand there.

    python research/stylizing_pictures.py
    python research/stylizing_pictures.py --only=near,mask

The photo is scikit-learn's china.jpg; a mask and a clip are made here. What a
command makes is scaled down and kept under 60 KB. Needs pip install
'fast-depth-style[demo,video]'.

Time: two minutes on two cores.
"""

import pathlib
import shlex
import subprocess
import sys
import tempfile

import av
import numpy as np
from absl import flags
from PIL import Image

from fast_depth_style.demo.samples import write_samples
from fast_depth_style.evaluation import clips
from fast_depth_style.images.size import resize
from fast_depth_style.tools import program

_ONLY = flags.DEFINE_list("only", [], "Names of pictures; by default all.")

_DOCS = pathlib.Path(__file__).parent.parent / "docs"
_MOST_BYTES = 60_000
_STRONGER = 4  # Times by which differences of frames are shown.

# Pictures, and the commands in the docs that they are made of.
_COMMANDS = {
    "blend": ["stylize photo.jpg --style=starry_night:0.7,udnie:0.3"],
    "depth": ["compare photo.jpg --dial=depth --style=starry_night"],
    "stroke": ["compare photo.jpg --dial=stroke --style=starry_night"],
    "strength": ["compare photo.jpg --dial=strength --style=udnie"],
    "near": [
        "stylize photo.jpg --style=near:great_wave,far:starry_night"
        " --horizon=0.4"
    ],
    "none": ["stylize photo.jpg --style=near:udnie,far:none"],
    "mask": ["stylize photo.jpg --style=near:udnie,far:scream --mask=mask.png"],
    "colors": ["stylize photo.jpg --colors=photo"],
    "paint_size": ["stylize photo.jpg --paint_size=0.1"],
    "video": [
        "stylize clip.mp4 --style=udnie --nosteady",
        "stylize clip.mp4 --style=udnie",
    ],
}


def main() -> None:
    """Makes the pictures, one after the other."""
    docs = (_DOCS / "stylizing.md").read_text()
    for name in _ONLY.value or _COMMANDS:
        with tempfile.TemporaryDirectory() as made:
            folder = pathlib.Path(made)
            _write_inputs(folder)
            outputs = []
            for number, command in enumerate(_COMMANDS[name]):
                if command not in docs:
                    raise SystemExit(f"the docs have no {command}")
                suffix = "mp4" if name == "video" else "png"
                outputs.append(folder / f"{number}.{suffix}")
                subprocess.run(
                    [
                        *(sys.executable, "-m", "fast_depth_style.tools.cli"),
                        *shlex.split(command),
                        f"--output={outputs[-1]}",
                    ],
                    cwd=folder,
                    check=True,
                )
            if name == "video":
                image = _flicker(*map(_frames, outputs))
            else:
                image = Image.open(outputs[0]).convert("RGB")
            _save(image, _DOCS / "pictures" / f"stylizing_{name}.jpg")


def _write_inputs(folder: pathlib.Path) -> None:
    _, photos = write_samples(folder)
    photo = Image.open(photos / "china.jpg")
    photo.save(folder / "photo.jpg", quality=95)
    columns = np.linspace(1000, -745, photo.width).clip(0, 255)
    mask = np.tile(columns.astype(np.uint8), (photo.height, 1))
    Image.fromarray(mask).save(folder / "mask.png")
    square = resize(np.asarray(photo.crop((20, 0, 447, 427))), (416, 416))
    frames = clips.film(square, "still", 4).frames
    with av.open(str(folder / "clip.mp4"), "w") as clip:
        track = clip.add_stream("libx264", rate=25, options={"crf": "12"})
        track.height, track.width = frames[0].shape[:2]
        track.pix_fmt = "yuv420p"
        for rgb in frames:
            clip.mux(track.encode(av.VideoFrame.from_ndarray(rgb)))
        clip.mux(track.encode())


def _frames(path: pathlib.Path) -> list[np.ndarray]:
    with av.open(str(path)) as clip:
        return [f.to_ndarray(format="rgb24") for f in clip.decode(video=0)]


def _flicker(plain: list[np.ndarray], steady: list[np.ndarray]) -> Image.Image:
    """A frame, and what its painting changed from the frame before.

    Painted on its own, then steady.
    """
    changes = [
        255 - _STRONGER * np.abs(frames[-1].astype(int) - frames[-2])
        for frames in (plain, steady)
    ]
    cells = [steady[-1], *(each.clip(0, 255) for each in changes)]
    return Image.fromarray(np.concatenate(cells, axis=1).astype(np.uint8))


def _save(image: Image.Image, path: pathlib.Path) -> None:
    """As a JPEG of few bytes; sheets are as wide as a page."""
    width = 480 if image.width < 1000 else 1200
    scale = min(1.0, width / image.width)
    size = round(image.width * scale), round(image.height * scale)
    image = image.resize(size, Image.Resampling.LANCZOS)
    for quality in range(88, 20, -6):
        image.save(path, quality=quality, optimize=True)
        if path.stat().st_size < _MOST_BYTES:
            break
    print(f"wrote {path.name}: {image.size}, quality {quality}")


if __name__ == "__main__":
    program.run(main)
