"""The page of the network of the package, against `fds.stylize`."""

import numpy as np
import pytest
import sklearn.datasets
from browser import difference, open_photo, painted_after, turn
from PIL import Image

import fast_depth_style as fds
from fast_depth_style.exporting.shipped import read_shipped
from fast_depth_style.images.enlarging import enlarge


@pytest.fixture(scope="module")
def page(libraries, serve, open_page, tmp_path_factory):
    from fast_depth_style.web.site import write_site

    folder = tmp_path_factory.mktemp("shipped")
    window = open_page(serve(write_site(read_shipped(), folder / "site")))
    yield window
    assert not window.errors


def _sample(name):
    picture = sklearn.datasets.load_sample_image(name)
    return np.asarray(Image.fromarray(picture).resize((160, 107)))


def _choose(page, style):
    number = read_shipped().styles.index(style)
    return page.locator(f"[name=style][value='{number}']").check


def test_every_style_is_that_of_stylize(page):
    picture = _sample("china.jpg")
    first, *others = read_shipped().styles
    made = {first: open_photo(page, picture)}
    for style in others:
        made[style] = painted_after(page, _choose(page, style))
    for style, painting in made.items():
        assert difference(painting, fds.stylize(picture, style=style)) <= 2


def test_a_blend_with_dials_is_that_of_stylize(page):
    picture = _sample("flower.jpg")
    open_photo(page, picture)
    painted_after(page, _choose(page, "starry_night"))
    for name, value in (
        ("second", read_shipped().styles.index("udnie")),
        ("share", 30),
        ("depth", 50),
        ("stroke", 80),
    ):
        made = painted_after(page, lambda n=name, v=value: turn(page, n, v))
    expected = fds.stylize(
        picture, style="starry_night:0.7,udnie:0.3", depth=0.5, stroke=0.8
    )
    assert difference(made, expected) <= 2


def test_what_is_saved_has_the_edges_of_the_photo(page):
    page.eval_on_selector("#size", "size => (size.value = '100000')")
    blocks = np.random.default_rng(0).integers(0, 256, (6, 8, 3), "uint8")
    picture = blocks.repeat(200, axis=0).repeat(200, axis=1)
    made = open_photo(page, picture)
    with page.expect_download() as download:
        page.keyboard.press("s")
    saved = Image.open(download.value.path())
    plain = Image.fromarray(made).resize(saved.size, Image.Resampling.BICUBIC)
    expected = enlarge(made, picture).astype(float)
    plain = np.asarray(plain, float)
    edges = np.abs(expected - plain) > 20
    assert edges.sum() > 1000
    off, plain_off = (
        np.abs(np.asarray(saved)[edges] - each[edges]).mean()
        for each in (expected, plain)
    )
    # JPEG and the browser's own way to scale make it another picture.
    assert off < 0.4 * plain_off
