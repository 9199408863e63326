"""Style files that are dropped on the page."""

import io
import json

import numpy as np
import pytest
from browser import difference, given, open_photo, painted_after, photo, turn
from tiny_material import with_styles

from fast_depth_style.exporting.style_file import (
    add_styles,
    weights_digest,
    write_style,
)


@pytest.fixture(scope="module")
def page(site, serve, open_page):
    window = open_page(serve(site))
    yield window
    assert not window.errors


def _drop(page, name, content):
    """Drops a file on the page."""
    page.evaluate(
        """([name, bytes]) => {
            const dataTransfer = new DataTransfer();
            dataTransfer.items.add(new File([new Uint8Array(bytes)], name));
            document.body.dispatchEvent(
                new DragEvent("drop", {dataTransfer, bubbles: true}));
        }""",
        [name, list(content)],
    )


def test_a_style_file_joins_the_list_and_blends(page, styled_network, tmp_path):
    path = tmp_path / "my_own.style"
    learned = with_styles(styled_network, ["mine"])
    write_style(learned, "mine", path, {"name": "é 🎨"})
    picture = photo(60, 80)
    before = open_photo(page, picture)
    content = path.read_bytes()
    made = painted_after(page, lambda: _drop(page, path.name, content))
    network = add_styles(styled_network, [path])
    assert difference(made, _python(network, picture, [0, 0, 0, 1])) <= 2
    assert difference(made, before) > 20
    assert page.get_by_text("“my_own.style” is in the list").count() == 0
    label = page.locator("#styles label").nth(3)
    assert label.text_content() == "My own"
    assert label.locator("input").is_checked()
    image = label.locator("img")
    assert image.evaluate("i => [i.naturalWidth, i.naturalHeight]") == [128, 96]
    painted_after(page, page.locator("[name=style][value='1']").check)
    painted_after(page, lambda: turn(page, "second", 3))
    made = painted_after(page, lambda: turn(page, "share", 40))
    assert difference(made, _python(network, picture, [0, 0.6, 0, 0.4])) <= 2


def _python(network, picture, weights):
    dials = np.array([[1.0, 0.5]], "float32")
    vector = network.vectors(np.array([weights], "float32"), dials)
    image = picture[None].astype("float32")
    return np.rint(np.asarray(network(image, vector))[0].clip(0, 255))


def test_one_by_the_button_may_be_stored_unpacked(page, styled_network):
    data = io.BytesIO()
    np.savez(
        data,
        rows=np.asarray(styled_network.table, "float16")[0],
        card=json.dumps(
            {"network": weights_digest(styled_network.named_weights())}
        ),
    )
    count = page.locator("#styles label").count()
    file = given("plain.STYLE", data.getvalue())
    page.set_input_files("#style-file", file)
    page.locator("#styles label").nth(count).wait_for()
    assert page.locator("#status.wrong").count() == 0


def test_others_are_refused_in_one_line(page, styled_network, tmp_path):
    path = tmp_path / "a.style"
    write_style(styled_network, "udnie", path, {})
    whole = path.read_bytes()
    other = with_styles(styled_network, ["udnie"])
    other.convs[0].bias.assign_add(other.convs[0].bias + 1.0)
    write_style(other, "udnie", path, {})
    rows = io.BytesIO()
    digest = weights_digest(styled_network.named_weights())
    wrong = np.full(styled_network.table.shape[1:], np.nan, "float16")
    np.savez(rows, rows=wrong, card=json.dumps({"network": digest}))
    damaged, foreign = "is not a style file", "belongs to another network"
    count = page.locator("#styles label").count()
    for content, said in (
        (b"", damaged),
        (b"words", damaged),
        (whole[:-30], damaged),
        (whole[30:], damaged),
        (bytes([*whole[:90], *[255] * 40, *whole[130:]]), damaged),
        (path.read_bytes(), foreign),
        (rows.getvalue(), foreign),
    ):
        page.evaluate("document.getElementById('status').textContent = ''")
        _drop(page, "b.style", content)
        page.get_by_text(f"“b.style” {said}").wait_for()
    assert page.locator("#styles label").count() == count
