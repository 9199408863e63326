"""Hostile input: mutated files, extreme sizes, random command lines.

HOSTILE_INPUTS sets how many are tried (240 by default, of pictures ten times as
many), HOSTILE_SEED which (0 by default). A failure names its number.
"""

import functools
import importlib.util
import io
import json
import os
import pathlib
import random
import resource
import shutil

import numpy as np
import pytest
from PIL import Image, features
from programs import flags_of, run_program
from tiny_material import mutated
from verbs import VERBS, write_material

from fast_depth_style.errors import RequestError
from fast_depth_style.images.files import read_picture, read_rgb
from fast_depth_style.images.sequence import PictureSequence
from fast_depth_style.perception.weight_files import read_convolutions
from fast_depth_style.runs import checkpoint, folder
from fast_depth_style.runs.losses import read_losses
from fast_depth_style.stylization.model import load_styled
from fast_depth_style.stylization.photos import stylize

_COUNT = int(os.environ.get("HOSTILE_INPUTS", "240"))
_SEED = int(os.environ.get("HOSTILE_SEED", "0"))
_BOUND = 4 << 30
"""Bytes of memory that this process may take in all."""

_FORMATS = [
    *("BMP", "DDS", "GIF", "ICO", "JPEG", "MPO", "PCX", "PNG", "PPM", "QOI"),
    *("SGI", "TGA", "TIFF"),
]
for _name, _feature in (
    ("WEBP", "webp"),
    ("JPEG2000", "jpg_2000"),
    ("AVIF", "avif"),
):
    _FORMATS += [_name] * features.check(_feature)
if importlib.util.find_spec("pillow_heif"):
    _FORMATS.append("HEIF")


def _pictures() -> dict[str, bytes]:
    """A file of each format, of two frames where it may have several."""
    if "HEIF" in _FORMATS:
        importlib.import_module("pillow_heif").register_heif_opener()
    pixels = np.random.default_rng(0).integers(0, 256, (33, 29, 3), np.uint8)
    found = {}
    for name in _FORMATS:
        file, options = io.BytesIO(), {}
        if name in ("GIF", "WEBP", "PNG", "TIFF", "AVIF", "MPO"):
            second = Image.new("RGB", (29, 33))
            options = {"save_all": True, "append_images": [second]}
        Image.fromarray(pixels).save(file, name, **options)
        found[name] = file.getvalue()
    return found


def _require_bounded() -> None:
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024
    assert peak < _BOUND, f"{peak >> 20} MiB"


@pytest.mark.filterwarnings("ignore")
def test_mutated_pictures_are_read_or_refused(monkeypatch):
    # So that a head that lies about the size costs no more than 3 MB.
    limit = "fast_depth_style.images.files.MAX_PIXELS"
    monkeypatch.setattr(limit, 1_000_000)
    whole, refused = _pictures(), set()
    for number in range(_COUNT * 10):
        name = [*whole][number % len(whole)]
        data = mutated(random.Random(_SEED + number), whole[name])
        for read in (read_picture, lambda data: [*PictureSequence(data)]):
            try:
                read(data)
            except RequestError as error:
                assert "\n" not in str(error), (number, name)
                refused.add(name)
    assert refused == {*whole}
    _require_bounded()


def test_pictures_of_any_size_are_painted(small_model):
    model = load_styled(small_model)
    for number in range(_COUNT // 24):
        draw = random.Random(_SEED + number)
        height = round(20_000 ** draw.random())
        width = round(min(20_000, 3_000_000 / height) ** draw.random())
        photo = np.full((height, width, 3), draw.randrange(256), np.uint8)
        if draw.random() < 0.5:
            height, width = width, height
            photo = photo.transpose(1, 0, 2)
        painted = stylize(np.ascontiguousarray(photo), model)
        assert painted.shape == photo.shape, (number, height, width)
    _require_bounded()


def test_mutated_state_is_read_or_refused(tmp_path):
    """Weights, checkpoints, settings and losses of a run."""
    kernel = np.zeros((3, 3, 3, 64), np.float32)
    weights = {"block1_conv1/kernel": kernel, "block1_conv1/bias": kernel[0, 0]}
    np.savez(tmp_path / "weights.npz", **weights)
    np.savez(tmp_path / "step_0000001.npz", a=kernel)
    (tmp_path / "settings.json").write_text(json.dumps({"steps": 3}))
    (tmp_path / "losses.csv").write_text("step,loss\n1,2.5\n2,2.25\n")
    shapes = {"block1_conv1": (3, 3, 3, 64)}
    readers = {
        "weights.npz": lambda p: read_convolutions(p, shapes, "VGG19"),
        "step_0000001.npz": lambda p: checkpoint.restore(p, {"a": _Variable()}),
        "settings.json": lambda p: folder.read_settings(p.parent, "workdir"),
        "losses.csv": read_losses,
    }
    whole = {name: (tmp_path / name).read_bytes() for name in readers}
    for number in range(_COUNT // 8):
        draw = random.Random(_SEED + number)
        name = draw.choice([*readers])
        (tmp_path / name).write_bytes(mutated(draw, whole[name]))
        try:
            readers[name](tmp_path / name)
        except (RequestError, ValueError) as error:
            assert name != "losses.csv", number  # Bad rows are left out.
            assert "\n" not in str(error), (number, name)
        (tmp_path / name).write_bytes(whole[name])


class _Variable:
    shape = (3, 3, 3, 64)

    def assign(self, value):
        assert value.shape == self.shape


# Of folders that are no part of the test one that is small and closed.
_VALUES = ("", " ", "0", "-1", "1e400", "nan", "ü", "~", ".", "a,b", ":", "-")
_VALUES += ("/proc/sys/kernel", "/proc/self/mem", "true", "{}", "\t", "x" * 300)
_VALUES += ("2147483648", "9" * 400, "1e39", "1e-320", "0.5", "33")


_flags_of = functools.cache(flags_of)


def _random_request(
    number: int, folder: pathlib.Path
) -> tuple[str, dict[str, str]]:
    """A verb, and a request of it in which one or two flags are odd."""
    draw = random.Random(_SEED + number)
    verb = draw.choice([verb for verb in VERBS if not verb.extra])
    request = verb.request(folder)
    # Long runs of what is right are not the point.
    request |= {k: "1" for k in ("steps", "iterations") if k in request}
    names = sorted({*request, *_flags_of(verb.name)})
    for flag in draw.sample(names, draw.choice((1, 1, 2))):
        request[flag] = draw.choice(_VALUES)
    return verb.name, request


def test_random_command_lines_are_done_or_refused(
    tmp_path, small_model, styled_model, monkeypatch
):
    for number in range(_COUNT // 12):
        folder = tmp_path / str(number)
        write_material(folder, small_model, styled_model)
        monkeypatch.chdir(folder)
        verb, request = _random_request(number, folder)

        done = run_program(
            f"{verb}.py", environment={"HOME": str(folder)}, **request
        )

        assert done.returncode in (0, 1, 2), (number, verb, request)
        assert "Traceback" not in done.stderr, (number, done.stderr)
        if done.returncode:
            last = done.stderr.splitlines()[-1]
            assert last.startswith(f"{verb}.py: "), (number, done.stderr)
        shutil.rmtree(folder)


@pytest.mark.slow
def test_a_photo_in_a_folder_may_be_anything(tmp_path, small_model):
    """All at once: a folder of mutated pictures through the program."""
    whole = _pictures()
    photos = tmp_path / "photos"
    photos.mkdir()
    for number in range(_COUNT // 4):
        draw = random.Random(_SEED + number)
        name = draw.choice([*whole])
        path = photos / f"{number}.{name.lower()}"
        path.write_bytes(mutated(draw, whole[name]))
    Image.fromarray(read_rgb(whole["PNG"])).save(photos / "good.png")

    done = run_program(
        "stylize.py", model=small_model, input=photos, output=tmp_path / "out"
    )

    assert done.returncode == 0, done.stderr
    assert "Traceback" not in done.stderr
    assert (tmp_path / "out" / "good.png").is_file()
