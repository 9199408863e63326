"""The depth maps of photo and painting."""

import numpy as np
import pytest
from browser import open_photo, photo, shown
from scipy.stats import spearmanr

from fast_depth_style.perception.compact_depth import CompactDepth

_PIXELS = """(canvas) => Array.from(canvas.getContext("2d")
    .getImageData(0, 0, canvas.width, canvas.height).data)"""


@pytest.fixture(scope="module")
def page(site, serve, open_page):
    window = open_page(serve(site))
    yield window
    assert not window.errors


def _map(page, name):
    """Lightness of a map on the page, (80, 80)."""
    pixels = page.eval_on_selector(f"#{name}", _PIXELS)
    return np.reshape(pixels, (80, 80, 4))[..., :3] @ [0.3, 0.6, 0.1]


def _loaded(page):
    return sum("depth.onnx" in url for url in page.requests)


def test_maps_are_those_of_the_compact_network(page):
    picture = photo(90, 120)
    painting = open_photo(page, picture)
    assert page.locator("#maps").is_hidden()
    assert _loaded(page) == 0
    page.locator("#depths").click()
    page.wait_for_selector("#maps[data-shown='1']")
    compact = CompactDepth()
    maps = {}
    for name, rgb in (("photo-map", picture), ("painting-map", painting)):
        expected = np.asarray(compact(rgb[None].astype("float32")))[0]
        maps[name] = _map(page, name)
        # Light is near; its order is that of the network's own values.
        assert spearmanr(maps[name], expected, axis=None).statistic > 0.99
    assert np.abs(maps["photo-map"] - maps["painting-map"]).max() > 30
    assert _loaded(page) == 1
    assert (shown(page) == painting).all()


def test_maps_follow_the_painting_until_they_are_closed(page):
    before = _map(page, "painting-map")
    page.locator("[name=style][value='1']").check()
    page.wait_for_selector("#maps[data-shown='2']")
    assert np.abs(_map(page, "painting-map") - before).max() > 10
    assert _loaded(page) == 1
    page.keyboard.press("d")
    assert page.locator("#maps").is_hidden()
    assert page.get_attribute("#depths", "aria-pressed") == "false"
