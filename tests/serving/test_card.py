import hashlib
import json

import tensorflow as tf

from fast_depth_style.serving.card import write_card


def test_the_card_says_what_it_is_given_and_what_is_there(tmp_path):
    (tmp_path / "1").mkdir()
    (tmp_path / "1" / "weights").write_bytes(b"abc")
    write_card(
        tmp_path,
        {"name": "The Wave", "final_terms": {"style": 0.123456, "steps": 7}},
    )
    card = json.loads((tmp_path / "card.json").read_text())
    assert card["final_terms"] == {"style": 0.123456, "steps": 7}
    assert card["versions"]["tensorflow"] == tf.__version__
    assert card["files"] == {"1/weights": hashlib.sha256(b"abc").hexdigest()}
    lines = (tmp_path / "README.md").read_text().splitlines()
    assert lines[0] == "# The Wave"
    at = lines.index("- **final terms**")
    assert lines[at + 1 : at + 3] == [
        "  - **style**: 0.1235",
        "  - **steps**: 7",
    ]
