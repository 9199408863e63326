"""The page in a real browser: what it paints, refuses, sends."""

import base64
import functools
import http.server
import io
import threading

import numpy as np
import pytest
from browser import (
    difference,
    given,
    open_photo,
    painted_after,
    paintings,
    photo,
    png,
    shown,
    turn,
)
from PIL import Image

from fast_depth_style.images.enlarging import enlarge
from fast_depth_style.images.size import resize


@pytest.fixture(scope="module")
def address(site):
    """Of a server that sends no headers: the page itself holds the policy.

    Without them it has one thread, which a busy machine delays least.
    """
    handler = functools.partial(
        http.server.SimpleHTTPRequestHandler, directory=site
    )
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{server.server_port}/"
        server.shutdown()


@pytest.fixture(scope="module")
def window(address, open_page):
    return open_page(address, viewport={"width": 390, "height": 844})


@pytest.fixture
def page(window):
    """The page with everything as it was opened, a photo aside."""
    window.eval_on_selector("#controls", "form => form.reset()")
    yield window
    assert not window.errors


def _python(network, picture, weights, depth, stroke):
    image = picture[None].astype("float32")
    dials = np.array([[depth, stroke]], "float32")
    vector = network.vectors(np.array([weights], "float32"), dials)
    return np.rint(np.asarray(network(image, vector))[0].clip(0, 255))


def test_every_style_is_painted_as_in_python(page, styled_network):
    first, second = photo(150, 203), photo(121, 98, seed=1)
    made = [open_photo(page, first)]
    for style in (1, 2):
        choose = page.locator(f"[name=style][value='{style}']").check
        made.append(painted_after(page, choose))
    for painting, weights in zip(made, np.eye(3), strict=True):
        expected = _python(styled_network, first, weights, 1.0, 0.5)
        assert difference(painting, expected) <= 2
    other = open_photo(page, second)
    expected = _python(styled_network, second, [0, 0, 1], 1.0, 0.5)
    assert difference(other, expected) <= 2
    # They are unlike each other, or the above would show nothing.
    assert difference(made[0], made[1]) > 20


def test_blend_and_dials_change_the_picture_as_in_python(page, styled_network):
    picture = photo(90, 120)
    open_photo(page, picture)
    weights = [1.0, 0.0, 0.0]
    dials = {"depth": 1.0, "stroke": 0.5}
    before = shown(page)
    for dial, value in (("depth", 0), ("stroke", 100)):
        made = painted_after(page, lambda d=dial, v=value: turn(page, d, v))
        dials[dial] = value / 100
        expected = _python(styled_network, picture, weights, **dials)
        assert difference(made, expected) <= 2
        assert difference(made, before) > 2
        before = made
    painted_after(page, lambda: turn(page, "second", 2))
    made = painted_after(page, lambda: turn(page, "share", 25))
    expected = _python(styled_network, picture, [0.75, 0, 0.25], **dials)
    assert difference(made, expected) <= 2
    assert difference(made, before) > 2
    assert page.text_content("output[for=depth]").strip() == "0 %"


def test_what_is_no_photo_gets_a_clear_message(page):
    open_photo(page, photo(60, 80))
    count = paintings(page)
    page.set_input_files("#file", given("a.txt", b"words"))
    page.wait_for_selector("#status.wrong")
    assert "“a.txt” is not a picture" in page.text_content("#status")
    page.set_input_files("#file", _blank(20_000, 15_000))
    page.get_by_text("300 megapixels; 200 are the most").wait_for()
    page.set_input_files("#file", png(photo(12, 90)))
    page.get_by_text("90 by 12 pixels").wait_for()
    assert paintings(page) == count
    open_photo(page, photo(60, 80))
    assert page.locator("#status.wrong").count() == 0


def test_100_megapixels_are_painted_and_what_is_saved_is_said(page):
    made = open_photo(page, _blank(10_000, 10_000))
    assert made.shape == (548, 548, 3)
    said = page.text_content("#status")
    assert "has 100 megapixels; its painting is saved with 64" in said


def _blank(width, height):
    data = io.BytesIO()
    Image.new("1", (width, height)).save(data, "PNG")
    return given("blank.png", data.getvalue())


def test_a_canvas_that_the_browser_cannot_hold_is_made_smaller(page):
    open_photo(page, _blank(70_000, 16))  # No canvas is wider than 65,535.
    with page.expect_download() as download:
        page.keyboard.press("s")
    width, height = Image.open(download.value.path()).size
    assert 30_000 < width < 65_536
    assert height == 16
    page.get_by_text(f"Saved at {width} × 16, for there is no room").wait_for()


_SEND = """new Promise((resolve) => {
    self.addEventListener("securitypolicyviolation", (event) =>
        resolve(event.effectiveDirective));
    fetch("http://localhost:9/").then(resolve, () => {});
})"""


def test_nothing_can_be_sent_elsewhere(page):
    open_photo(page, photo(40, 50))
    assert page.evaluate(_SEND) == "connect-src"
    (worker,) = page.workers
    assert worker.evaluate(_SEND) == "connect-src"
    assert len(page.errors) == 2  # Chromium says so, too.
    page.errors.clear()
    # What the policy stopped is listed as well.
    page.requests[:] = [url for url in page.requests if ":9/" not in url]


def test_our_own_server_lets_it_have_threads(site, serve, open_page):
    page = open_page(serve(site))
    assert page.evaluate("self.crossOriginIsolated")
    assert open_photo(page, photo(40, 50)).shape == (40, 50, 3)
    assert not page.errors


def test_a_photo_lying_on_its_side_is_painted_upright(page, styled_network):
    upright = photo(80, 120)
    lying = np.rot90(upright)  # To be turned right by 90 degrees.
    exif = Image.Exif()
    exif[0x0112] = 6
    made = open_photo(page, png(lying, exif=exif))
    expected = _python(styled_network, upright, [1, 0, 0], 1.0, 0.5)
    assert difference(made, expected) <= 2


def test_a_large_photo_is_painted_smaller_and_saved_in_full(page):
    picture = photo(1200, 1600)
    made = open_photo(page, picture)
    assert abs(made.shape[0] * made.shape[1] - 3e5) < 3e3
    assert abs(made.shape[1] / made.shape[0] - 4 / 3) < 0.01
    with page.expect_download() as download:
        page.keyboard.press("s")
    assert download.value.suggested_filename == "a.b.painted.jpg"
    saved = Image.open(download.value.path())
    assert (saved.format, saved.size) == ("JPEG", (1600, 1200))
    small = np.asarray(saved.resize(made.shape[1::-1], Image.BOX), float)
    assert np.abs(small - made).mean() < 8
    page.get_by_text("Saved at 1600 × 1200.").wait_for()


_ENLARGE = """async ([address, painting, source, photo]) => {
    const bytes = (text) =>
        Uint8ClampedArray.from(atob(text), (c) => c.charCodeAt(0));
    const { AskedWorker } = await import(address + "asked_worker.js");
    const worker = new AskedWorker("enlarging.js");
    await worker.ask({type: "prepare", painting: bytes(painting),
        source: bytes(source), width: 40, height: 30});
    const made = [];
    for (const [top, rows] of [[0, 50], [50, 41]]) {
        const rgba = bytes(photo).slice(4 * 130 * top, 4 * 130 * (top + rows));
        const answer = await worker.ask(
            {type: "band", rgba, width: 130, height: 91, top});
        made.push(...answer.rgba);
    }
    worker.end();
    return made;
}"""


def test_paintings_are_enlarged_as_in_python(page, address):
    picture, painting = photo(91, 130), photo(30, 40, seed=1)
    small = resize(picture, (30, 40))
    texts = [
        base64.b64encode(np.dstack([each, each[..., :1]]).tobytes()).decode()
        for each in (painting, small, picture)
    ]
    made = page.evaluate(_ENLARGE, [address, *texts])
    made = np.reshape(made, (91, 130, 4))[..., :3]
    assert difference(made, enlarge(painting, picture)) <= 1


_GIVE = """([type, data]) => {
    const bytes = Uint8Array.from(atob(data), (c) => c.charCodeAt(0));
    const transfer = new DataTransfer();
    transfer.items.add(new File([bytes], "given.png", {type: "image/png"}));
    const event = type === "paste"
        ? new ClipboardEvent(type, {clipboardData: transfer, bubbles: true})
        : new DragEvent(type, {dataTransfer: transfer, bubbles: true});
    document.getElementById("stage").dispatchEvent(event);
}"""


def test_photos_are_dropped_and_pasted(page):
    for type, side in (("drop", 40), ("paste", 60)):
        data = base64.b64encode(png(photo(side, 50))["buffer"]).decode()
        made = painted_after(
            page, lambda t=type, d=data: page.evaluate(_GIVE, [t, d])
        )
        assert made.shape == (side, 50, 3)


def test_keys_compare_and_cancel(page):
    picture = photo(70, 90)
    made = open_photo(page, picture)
    page.keyboard.press("c")
    assert page.get_attribute("#compare", "aria-pressed") == "true"
    assert (shown(page) == picture).all()
    page.keyboard.press("c")
    assert (shown(page) == made).all()
    # Done before the next one, whose message it would replace.
    painted_after(page, lambda: turn(page, "size", 1000000))
    page.set_input_files("#file", png(photo(1000, 1000)))
    page.get_by_text("Painting …").wait_for()
    page.keyboard.press("Escape")
    page.get_by_text("Canceled.").wait_for()
    assert (open_photo(page, picture) == made).all()


def test_everything_has_a_name_and_a_place_in_the_order(page):
    open_photo(page, photo(40, 50))
    page.locator("h1").click()  # From there on.
    names = []
    for _ in range(11):
        page.keyboard.press("Tab")
        names.append(
            page.evaluate(
                "(document.activeElement.labels?.[0]"
                " ?? document.activeElement).textContent.trim()"
            )
        )
    for name in ("Save", "Photo", "Great wave", "+Style file", "Blend"):
        assert name in names
    assert names.count("Depth") == 2  # The button and the dial.
    assert page.get_attribute("#status", "role") == "status"


def test_the_camera_is_painted_and_photographed(page):
    page.locator(".camera:visible").click()
    page.get_by_text("pictures a second").wait_for()
    height, width = shown(page).shape[:2]
    assert height * width < 100_000
    made = painted_after(page, page.locator("#snap").click)
    assert made.shape[0] > height
    assert page.locator("#snap").is_hidden()


@pytest.mark.parametrize("width", [320, 390, 1280])
def test_nothing_is_wider_than_the_window(page, width):
    page.set_viewport_size({"width": width, "height": 844})
    open_photo(page, photo(100, 230))
    assert page.evaluate("document.documentElement.scrollWidth") <= width
    for row in (("#save", "#compare", "#depths"), ("h1", "#again")):
        boxes = [page.locator(each).bounding_box() for each in row]
        middles = [box["y"] + box["height"] / 2 for box in boxes]
        assert max(middles) - min(middles) < 2  # None is wrapped.


def test_light_and_dark_are_those_of_the_system(page):
    grounds = []
    for scheme in ("light", "dark"):
        page.emulate_media(color_scheme=scheme)
        style = "getComputedStyle(document.body).backgroundColor"
        grounds.append(page.evaluate(style))
    assert grounds == ["rgb(250, 248, 244)", "rgb(25, 24, 22)"]
