import html.parser

import numpy as np
from PIL import Image

from fast_depth_style.demo import page
from fast_depth_style.perception.depth_estimator import DepthEstimator
from fast_depth_style.serving.proof import Proof


class _Brightness(DepthEstimator):
    """Takes bright for near."""

    quantity = "inverse_depth"

    def outputs(self, pictures):
        return pictures[..., 0], []


class _Links(html.parser.HTMLParser):
    def __init__(self):
        super().__init__()
        self.sources, self.captions = [], []

    def handle_starttag(self, tag, attributes):
        if tag == "img":
            self.sources.append(dict(attributes)["src"])
            self.captions.append(dict(attributes)["alt"])


def test_the_page_holds_every_picture_and_needs_no_file(tmp_path):
    (tmp_path / "previews").mkdir()
    for name in ("losses.png", "previews/latest.png"):
        Image.new("RGB", (8, 8)).save(tmp_path / name)
    photo = np.tile(np.arange(64, dtype=np.uint8)[:, None, None], (1, 80, 3))
    text = page.render(
        photo,
        {"lake": photo},
        {("ours", "lake"): photo, ("<wave>", "lake"): photo},
        _Brightness(),
        tmp_path,
        {"training": 12.34},
        Proof("tflite_float16", "a.tflite", 3_400_000, (256, 256), 71, 1, 0.5),
    )
    links = _Links()
    links.feed(text)
    assert len(links.sources) == 1 + 3 * 2 + 2
    assert all(source.startswith("data:image/") for source in links.sources)
    assert "Stylized: <wave>" in links.captions
    assert "12.3 s" in text
    assert "a.tflite: 3.4 MB, 71 dB from the network" in text
    assert "500 ms for 256x256 pixels" in text
