"""Pictures and networks that are small enough to be made for every test."""

import contextlib
import http.server
import os
import threading
import time

import keras
import numpy as np
import numpy_networks
from PIL import Image

from fast_depth_style.networks.image_transformation import (
    ImageTransformationNetwork,
)
from fast_depth_style.perception.depth_estimator import DepthEstimator
from fast_depth_style.runs.losses import read_losses
from fast_depth_style.training.settings import TrainingSettings


def picture(random, height, width):
    """A smooth picture without greys."""
    # Without flat places, where a maximum has no gradient of its own.
    coarse = random.integers(64, 192, (6, 7, 3), dtype=np.uint8)
    return Image.fromarray(coarse).resize(
        (width, height), Image.Resampling.BICUBIC
    )


def network(seed=0, **options):
    """A network of the least size, all of whose random weights count."""
    keras.utils.set_random_seed(seed)
    made = ImageTransformationNetwork(width=0.1, blocks=1, **options)
    made.build()
    for weight in made.trainable_weights:
        weight.assign_add(keras.random.normal(weight.shape, stddev=0.1))
    return made


def with_styles(network, styles, seed=0):
    """A network with the same convolutions and other styles."""
    config = network.get_config() | {"styles": styles}
    copy = ImageTransformationNetwork(**config)
    copy.build()
    for one, other in zip(copy.variables, network.variables, strict=True):
        if one is not copy.table:
            one.assign(other)
    random = np.random.default_rng(seed)
    copy.table.assign_add(random.normal(0, 0.3, copy.table.shape))
    return copy


class Brightness(DepthEstimator):
    """Takes what is brighter for farther, at half the size: exactly known."""

    def __init__(self, quantity="depth", is_metric=True):
        super().__init__()
        self.quantity = quantity
        self.is_metric = is_metric
        self.calls = 0

    def outputs(self, pictures):
        self.calls += 1
        brightness = keras.ops.mean(pictures[:, ::2, ::2], -1)
        return [brightness / 51 + 0.5], []


def half(height, width):
    """A mask that is white on the left."""
    mask = np.zeros((height, width), np.uint8)
    mask[:, : width // 2] = 255
    return mask


def write_material(folder):
    """Writes painting.png, photos/ (one is broken) and two networks' weights.

    Beside them photo.png, a.png, b.png, which are smaller.
    """
    random = np.random.default_rng(0)
    for name, height, width in (
        ("painting", 96, 80),
        ("photo", 24, 32),
        ("a", 40, 36),
        ("b", 30, 50),
    ):
        picture(random, height, width).save(folder / f"{name}.png")
    (folder / "photos").mkdir()
    for number in range(7):
        photo = picture(random, 90 + 7 * number, 120 - 5 * number)
        photo.save(folder / "photos" / f"{number}.png")
    (folder / "photos" / "broken.jpg").write_text("not a picture")
    numpy_networks.VGG19().write(folder / "vgg19.npz")
    numpy_networks.FastDepth().write(folder / "fast_depth.npz")
    return folder


def small_networks(folder):
    """Settings of an objective without depth, of the written material."""
    return {
        "perceptual_network": f"vgg19:{folder / 'vgg19.npz'}",
        "depth_network": "none",
        "style_layers": ("relu1_1", "relu2_1"),
        "content_layer": "relu2_1",
    }


def small_run(folder, **changes):
    """Settings of a run without depth that takes a second or two."""
    settings = {
        **small_networks(folder),
        "style": str(folder / "painting.png"),
        "content": str(folder / "photos"),
        "style_scales": 1,
        "style_size": 64,
        "width": 0.125,
        "blocks": 1,
        "batch_size": 2,
        "image_size": 64,
        "steps": 20,
        "checkpoint_every": 8,
        "preview_every": 20,
        "mixed_precision": False,
    }
    return TrainingSettings(**settings | changes)


def mutated(draw, data):
    """A file cut, with bits turned, bytes zeroed, doubled or random.

    Every other time in its head, where sizes and kinds stand. `draw` is a
    `random.Random`.
    """
    data = bytearray(data)
    end = len(data) if draw.random() < 0.5 else 128
    for _ in range(draw.choice((1, 1, 3, 20))):
        if not data:
            break
        at = draw.randrange(min(end, len(data)))
        length, kind = draw.randint(1, 64), draw.randrange(5)
        if kind == 0:
            del data[at:]
        elif kind == 1:
            data[at] ^= 1 << draw.randrange(8)
        elif kind == 2:
            data[at : at + length] = bytes(length)
        elif kind == 3:
            data[at:at] = data[at : at + length]
        else:
            data[at : at + length] = draw.randbytes(length)
    return bytes(data)


@contextlib.contextmanager
def web_server(content):
    """The address of a server that gives everybody the same bytes."""

    class Handler(http.server.BaseHTTPRequestHandler):
        def do_GET(self):  # noqa: N802 (http.server's name)
            self.rfile.read(int(self.headers.get("Content-Length", 0)))
            self.send_response(200)
            self.send_header("Content-Length", str(len(content)))
            self.end_headers()
            self.wfile.write(content)

        do_POST = do_GET  # noqa: N815

        def log_message(self, *arguments):
            pass

    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{server.server_port}"
        server.shutdown()


def contents(folder):
    """{path: bytes} of every file in a folder, but for a home's cache.

    ONNX Runtime writes there as soon as it is imported.
    """
    return {
        str(path.relative_to(folder)): path.read_bytes()
        for path in sorted(folder.rglob("*"))
        if path.is_file() and ".cache" not in path.parts
    }


def interrupt_when_it_runs(losses, number):
    """Sends this process a signal once two steps are in losses.csv."""

    def interrupt():
        until = time.monotonic() + 120
        while len(read_losses(losses)) < 2 and time.monotonic() < until:
            time.sleep(0.05)
        os.kill(os.getpid(), number)

    threading.Thread(target=interrupt).start()
