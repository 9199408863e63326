"""Which engine paints, and what happens when one paints wrongly."""

import json
import shutil

import numpy as np
import pytest
from browser import difference, open_photo, photo

# A processor stands in for a graphics card: it shows that the network runs
# with WebGPU's programs, not what a card's driver makes of them.
_SOFTWARE = (
    "--enable-unsafe-webgpu",
    "--use-webgpu-adapter=swiftshader",
    "--enable-features=Vulkan",
    "--ignore-gpu-blocklist",
)


def _with_other_check(site, folder):
    """A copy of the page whose stored painting is another one."""
    shutil.copytree(site, folder)
    path = folder / "network/network.json"
    about = json.loads(path.read_text())
    about["check"]["painting"] = about["check"]["picture"]
    path.write_text(json.dumps(about))
    return folder


def test_an_engine_that_paints_wrongly_is_not_used(
    site, serve, open_page, tmp_path
):
    page = open_page(serve(_with_other_check(site, tmp_path / "site")))
    assert "wasm paints wrongly" in page.text_content("#status.wrong")


def test_without_a_graphics_card_webassembly_takes_over(site, serve, open_page):
    page = open_page(serve(site) + "?engine=webgpu")
    assert page.get_attribute("html", "data-engine") == "wasm"
    assert open_photo(page, photo(40, 50)).shape == (40, 50, 3)


@pytest.fixture(scope="module")
def software(launch):
    """A browser with WebGPU; skips where it has none."""
    browser = launch(*_SOFTWARE)
    page = browser.new_page()
    page.goto("about:blank")
    yield browser


def _require_webgpu(page):
    if not page.evaluate("!!navigator.gpu && navigator.gpu.requestAdapter()"):
        pytest.skip("this Chromium has no WebGPU")
    assert page.get_attribute("html", "data-engine") == "webgpu"


def _require_painted(page, network):
    """A photo that is opened is painted as Python does."""
    picture = photo(70, 90)
    made = open_photo(page, picture)
    dials = np.array([[1.0, 0.5]], "float32")
    vector = network.vectors(np.eye(3, dtype="float32")[:1], dials)
    expected = network(picture[None].astype("float32"), vector)
    expected = np.rint(np.asarray(expected)[0].clip(0, 255))
    assert difference(made, expected) <= 2


def test_webgpu_paints_as_python_does(
    site, serve, open_page, software, styled_network
):
    page = open_page(serve(site) + "?engine=webgpu", software)
    _require_webgpu(page)
    _require_painted(page, styled_network)


def test_what_webgpu_fails_to_paint_is_painted_again(
    site, serve, open_page, software, styled_network, tmp_path
):
    """A graphics card that is lost after the first picture."""
    folder = shutil.copytree(site, tmp_path / "site")
    text = (folder / "engine.js").read_text()
    begin = "async function run(network, request) {"
    assert begin in text
    lost = 'if (engine === "webgpu" && runs++) throw new Error("lost");'
    text = text.replace(begin, f"let runs = 0;\n{begin}\n  {lost}")
    (folder / "engine.js").write_text(text)
    page = open_page(serve(folder) + "?engine=webgpu", software)
    _require_webgpu(page)
    _require_painted(page, styled_network)
    assert page.get_attribute("html", "data-engine") == "wasm"


def test_webgpu_that_paints_wrongly_gives_way(
    site, serve, open_page, software, tmp_path
):
    address = serve(_with_other_check(site, tmp_path / "site"))
    page = open_page(address + "?engine=webgpu", software)
    # The stored painting is wrong, so that both are refused, one by one.
    assert "wasm paints wrongly" in page.text_content("#status.wrong")
