"""The Python of the README, run as it stands there."""

import pathlib
import re

import numpy as np
import pytest
from PIL import Image

_TEXT = (pathlib.Path(__file__).parents[1] / "README.md").read_text("utf-8")
_BLOCKS = re.findall(r"^```python\n(.*?)^```", _TEXT, re.M | re.S)
# A training takes two minutes, an optimization more than one: not run here.
_SHORT = [
    block
    for block in _BLOCKS
    if "fds.train(" not in block and "fds.optimize(" not in block
]


@pytest.fixture
def run(tmp_path, monkeypatch):
    """Runs blocks beside the pictures that they name; returns their names."""
    monkeypatch.chdir(tmp_path)
    (tmp_path / "photos").mkdir()
    draw = np.random.default_rng(0)
    for name in ("photo.jpg", "udnie.jpg", "photos/a.jpg", "photos/b.jpg"):
        coarse = draw.integers(0, 256, (6, 8, 3), np.uint8)
        Image.fromarray(coarse).resize((256, 192)).save(name)

    def run_blocks(*blocks):
        names: dict = {}
        for block in blocks:
            exec(compile(block, "README.md", "exec"), names)
        return names

    return run_blocks


def test_the_first_python_paints(run):
    assert run(_BLOCKS[0])["painting"].size == (256, 192)


@pytest.mark.slow
def test_the_python_runs(run):
    assert (len(_BLOCKS), len(_SHORT)) == (6, 4)

    names = run(*_SHORT)

    # What the last block painted, with the model that the one before exported.
    assert names["painting"].shape == (1, 192, 256, 3)
    assert [table.models[:2] for table in names["tables"]] == [
        ["without", "with"]
    ]
