"""The page of the network of the package, against `fds.stylize`."""

import numpy as np
import pytest
import sklearn.datasets
from browser import difference, open_photo, painted_after, shown
from PIL import Image

import fast_depth_style as fds
from fast_depth_style.api import page as write_page
from fast_depth_style.exporting.shipped import read_shipped
from fast_depth_style.images.enlarging import enlarge


@pytest.fixture(scope="module")
def page(libraries, serve, open_page, tmp_path_factory):
    folder = tmp_path_factory.mktemp("shipped")
    window = open_page(serve(write_page("shipped", folder / "site")))
    yield window
    assert not window.errors


def _sample(name):
    picture = sklearn.datasets.load_sample_image(name)
    return np.asarray(Image.fromarray(picture).resize((160, 107)))


def test_every_style_is_that_of_stylize(page):
    picture = _sample("china.jpg")
    first, *others = read_shipped().styles
    made = {first: open_photo(page, picture)}
    for number, style in enumerate(others, 1):
        choose = page.locator(f"[name=style][value='{number}']").check
        made[style] = painted_after(page, choose)
    for style, painting in made.items():
        assert difference(painting, fds.stylize(picture, style=style)) <= 2


_PAINT_FRAME = """
    async ([rgba, width, height, weights, dials]) => {
      const { Painter } = await import("./painter.js");
      const painter = new Painter();
      await painter.load(() => {});
      const frame = new ImageData(Uint8ClampedArray.from(rgba), width, height);
      const made = await painter.paintFrame(frame, weights, dials);
      painter.cancel();
      return Array.from(made.data);
    }
"""


def test_a_frame_of_the_camera_is_painted_by_the_small_network(page):
    picture = _sample("flower.jpg")
    height, width = picture.shape[:2]
    rgba = np.dstack([picture, np.full((height, width), 255, "uint8")])
    number = str(read_shipped().styles.index("scream"))
    made = page.evaluate(
        _PAINT_FRAME,
        [rgba.ravel().tolist(), width, height, {number: 1}, [0.25, 0.75]],
    )
    made = np.reshape(made, rgba.shape)[..., :3].astype("uint8")
    asked = {"style": "scream", "depth": 0.25, "stroke": 0.75}
    expected = fds.stylize(picture, model="shipped_mobile", **asked)
    assert difference(made, expected) <= 2
    large = fds.stylize(picture, **asked)
    assert difference(made, large) > 20  # So it was not that one.


def test_the_camera_paints_with_the_small_network(page):
    asked = [url for url in page.requests if url.endswith("camera.onnx")]
    page.locator(".camera:visible").click()
    page.get_by_text("pictures a second").wait_for()
    height, width = shown(page).shape[:2]
    assert 90_000 < height * width < 110_000
    loaded = [url for url in page.requests if url.endswith("camera.onnx")]
    assert len(loaded) == len(asked) + 1
    painted_after(page, page.locator("#snap").click)


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
