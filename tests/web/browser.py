"""What a person does with the page, and what they see."""

import base64
import io

import numpy as np
from PIL import Image


def png(picture, **options):
    """A file, as playwright's `set_input_files` takes it."""
    data = io.BytesIO()
    Image.fromarray(picture).save(data, "PNG", **options)
    return {
        "name": "a.b.png",
        "mimeType": "image/png",
        "buffer": data.getvalue(),
    }


def photo(height, width, seed=0):
    """Soft shapes with noise on them."""
    random = np.random.default_rng(seed)
    coarse = random.integers(0, 256, (4, 5, 3)).astype("uint8")
    shapes = Image.fromarray(coarse).resize((width, height), Image.BICUBIC)
    noise = random.normal(0, 8, (height, width, 3))
    return (np.asarray(shapes) + noise).clip(0, 255).astype("uint8")


def given(name, content):
    """A file of any content, as playwright takes it."""
    kind = "application/octet-stream"
    return {"name": name, "mimeType": kind, "buffer": content}


def difference(one, other):
    """The largest, in grey levels."""
    assert one.shape == other.shape
    return np.abs(one.astype(float) - other.astype(float)).max()


def paintings(page):
    """How many whole paintings have been shown."""
    return int(page.get_attribute("#canvas", "data-painted") or 0)


def painted_after(page, action):
    """Does something and returns the painting that it leads to."""
    count = paintings(page) + 1
    action()
    page.wait_for_selector(f'#canvas[data-painted="{count}"]')
    return shown(page)


def open_photo(page, picture):
    file = picture if isinstance(picture, dict) else png(picture)
    return painted_after(page, lambda: page.set_input_files("#file", file))


def turn(page, dial, value):
    """Sets a range or a list as a person who lets go of it does."""
    page.eval_on_selector(
        f"#{dial}",
        """(element, value) => {
            element.value = value;
            element.dispatchEvent(new Event("change", {bubbles: true}));
        }""",
        str(value),
    )


def shown(page):
    """The picture on the canvas, (height, width, 3) uint8."""
    address = page.eval_on_selector("#canvas", "c => c.toDataURL('image/png')")
    data = base64.b64decode(address.partition(",")[2])
    return np.asarray(Image.open(io.BytesIO(data)).convert("RGB"))
