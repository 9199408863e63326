"""The light engine paints what TensorFlow paints, and starts without it."""

import dataclasses
import pathlib
import subprocess
import sys
import threading

import numpy as np
import pytest
from PIL import Image

from fast_depth_style.errors import RequestError
from fast_depth_style.exporting.shipped_card import MOBILE, SHIPPED
from fast_depth_style.exporting.style_file import write_style
from fast_depth_style.stylization import model as models
from fast_depth_style.stylization import tiles
from fast_depth_style.stylization.light_model import load_light
from fast_depth_style.stylization.model import (
    choose_engine,
    load_styled,
    pixels_of,
)
from fast_depth_style.stylization.painting import paint
from fast_depth_style.stylization.settings import StylizeSettings
from fast_depth_style.stylization.tensorflow_model import load_shipped


def _photo(height, width, seed=0):
    """Soft shapes with edges among them."""
    random = np.random.default_rng(seed)
    coarse = random.integers(0, 256, (7, 9, 3), np.uint8)
    photo = np.array(
        Image.fromarray(coarse).resize((width, height), Image.BICUBIC)
    )
    photo[height // 4 : height // 2, width // 3 :] //= 2
    return photo


def _both(folder, photo, settings):
    """The same painted by both engines."""
    loaded = (load(settings, folder) for load in (load_light, load_shipped))
    return [paint(model, photo, settings).astype(int) for model in loaded]


def test_networks_of_the_package_are_taken_by_name():
    photo = _photo(48, 64)
    settings = StylizeSettings(style="scream", depth=0.3)
    light, other, large = (
        paint(load_styled(name, asked), photo, asked).astype(int)
        for name, asked in (
            (MOBILE, dataclasses.replace(settings, engine="light")),
            (MOBILE, settings),
            (SHIPPED, settings),
        )
    )
    _require_same(light, other)
    assert np.abs(large - other).max() > 20


def _require_same(light, other):
    assert light.std() > 5
    assert np.abs(light - other).max() <= 1


@pytest.mark.parametrize(
    "asked",
    [
        {},
        *({"style": style} for style in ("great_wave", "udnie", "scream")),
        *({"depth": d, "stroke": s} for d, s in ((0, 0), (0.3, 1), (1, 0.7))),
        {"style": "udnie:0.7,scream:0.3", "depth": 0.5, "strength": 0.6},
        {"style": "near:udnie,far:scream", "depth": 0.2},
        {"style": "near:udnie,far:none", "horizon": 0.4},
        {"paint_size": "0.002", "colors": "photo"},
    ],
)
def test_both_engines_paint_the_same(folder, asked):
    _require_same(*_both(folder, _photo(60, 82), StylizeSettings(**asked)))


@pytest.mark.parametrize("size", [(1, 1), (5, 40), (16, 17), (97, 35)])
def test_of_any_size(folder, size):
    light, other = _both(folder, _photo(50, 64), StylizeSettings())
    _require_same(light, other)
    photo = np.resize(_photo(97, 97), (*size, 3))
    light, other = _both(folder, photo, StylizeSettings())
    assert light.shape == (*size, 3) and np.abs(light - other).max() <= 1


def test_with_a_style_file(folder, styled_network, tmp_path):
    path = tmp_path / "mine.style"
    write_style(styled_network, "scream", path, {})
    mine = StylizeSettings(style=f"{path}:0.5,udnie:0.5")
    own = dataclasses.replace(mine, style="scream,udnie")

    light, other = _both(folder, _photo(40, 50), mine)

    _require_same(light, other)
    painted = paint(load_light(own, folder), _photo(40, 50), own).astype(int)
    assert np.abs(light - painted).max() <= 1
    with pytest.raises(RequestError, match="belongs to another network"):
        load_light(mine)


def test_several_threads_share_the_network(folder):
    settings = StylizeSettings(style="udnie")
    photos = [_photo(40, 50, seed) for seed in range(6)]
    wanted = [paint(load_light(settings, folder), p, settings) for p in photos]
    found = {}

    def work(number):
        model = load_light(settings, folder)
        found[number] = paint(model, photos[number], settings)

    threads = [threading.Thread(target=work, args=(i,)) for i in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    for number, expected in enumerate(wanted):
        np.testing.assert_array_equal(found[number], expected)


def test_few_pixels_are_for_the_light_engine(monkeypatch, tmp_path):
    monkeypatch.delitem(sys.modules, "tensorflow")
    monkeypatch.setattr(models, "_GPU", tmp_path / "none")

    def chosen(pixels, model="shipped", **settings):
        return choose_engine(StylizeSettings(**settings), model, pixels).engine

    assert chosen(700_000) == "light"
    assert chosen(20e6) == chosen(float("inf")) == "tensorflow"
    assert chosen(1, model=tmp_path) == "tensorflow"
    assert chosen(1, engine="tensorflow") == "tensorflow"
    assert chosen(float("inf"), engine="light") == "light"
    monkeypatch.setattr(models, "_GPU", tmp_path)
    assert chosen(700_000) == "light"
    assert chosen(3e6) == "tensorflow"


def test_where_tensorflow_is_there_it_paints():
    assert choose_engine(StylizeSettings(), "shipped", 1).engine == "tensorflow"


def test_what_is_painted_is_counted(tmp_path):
    for name, size in (("a.png", (40, 50)), ("b.png", (300, 400))):
        Image.new("RGB", size).save(tmp_path / name)
    (tmp_path / "c.png").write_bytes(b"no picture")
    paths = [tmp_path / name for name in ("a.png", "b.png", "c.png")]

    full = pixels_of(paths, StylizeSettings())
    small = pixels_of(paths, StylizeSettings(paint_size="0.01"))

    assert full == 2_000 + 120_000 and small == 2_000 + 15_000
    assert pixels_of([pathlib.Path("a.mp4")], StylizeSettings()) > 1e12


def test_a_model_of_ones_own_is_not_for_the_light_engine(tmp_path):
    with pytest.raises(RequestError, match="--engine=light paints with"):
        load_styled(tmp_path, StylizeSettings(engine="light"))


@pytest.mark.parametrize("more", [[], ["--style=near:udnie,far:none"]])
def test_a_photo_is_painted_without_tensorflow(tmp_path, more):
    """The whole program, in a Python that cannot import TensorFlow or Keras."""
    Image.fromarray(_photo(64, 80)).save(tmp_path / "photo.png")
    program = (
        "import sys; sys.modules['tensorflow'] = sys.modules['keras'] = None;"
        "from fast_depth_style.tools import cli; cli.main()"
    )
    done = subprocess.run(
        [sys.executable, "-c", program, "stylize", "photo.png", *more],
        cwd=tmp_path,
        capture_output=True,
        text=True,
    )

    assert done.returncode == 0, done.stderr
    (made,) = tmp_path.glob("photo.*.png")
    assert np.asarray(Image.open(made)).shape == (64, 80, 3)


def test_large_pictures_are_cut_into_tiles_alike(folder, monkeypatch):
    monkeypatch.setattr(tiles, "WHOLE_PIXELS", 20_000)
    monkeypatch.setattr(tiles, "SAMPLE_PIXELS", 60_000)
    monkeypatch.setattr(tiles, "TILE", 128)

    _require_same(*_both(folder, _photo(200, 260), StylizeSettings()))
