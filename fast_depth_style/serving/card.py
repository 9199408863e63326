"""The card of an exported model: what it is, in JSON and in plain words."""

import hashlib
import importlib.metadata
import json
import pathlib
from collections.abc import Iterator

_USE = """\
## Use

`1/` is a TensorFlow SavedModel; it needs TensorFlow and nothing else:

```python
import tensorflow as tf

model = tf.saved_model.load("1")
painted = model.signatures["serving_default"](image=photos)["stylized_image"]
```

`photos` is a uint8 RGB tensor (batch, height, width, 3) of any size from 16
pixels up; `painted` has the same shape. TensorFlow Serving takes this folder
as its `model_base_path`. The signature `encoded` takes the bytes of JPEG, PNG
or WebP files of one size as `image_bytes` and gives PNG files as
`stylized_image_bytes`. `card.json`, also in `1/assets.extra/`, holds this card
for programs, with the SHA-256 of every file.
"""


def write_card(folder: pathlib.Path, card: dict) -> None:
    """Writes `card.json` and `README.md` beside the versions of a model.

    A version may be moved alone, so `card.json` is in its `assets.extra/` too.

    Args:
        folder: Holds the version folders, whose files are all listed with
            their SHA-256.
        card: Whatever is to be told, as JSON values. `name` becomes the title;
            `versions` and `files` are added.
    """
    card = card | {
        "versions": {
            name: importlib.metadata.version(name)
            for name in ("fast-depth-style", "keras", "tensorflow")
        },
        "files": {
            path.relative_to(folder).as_posix(): _sha256(path)
            for path in sorted(folder.rglob("*"))
            if path.is_file()
        },
    }
    text = json.dumps(card, indent=2, ensure_ascii=False) + "\n"
    versions = [path for path in folder.iterdir() if path.is_dir()]
    for place in (folder, *(path / "assets.extra" for path in versions)):
        place.mkdir(exist_ok=True)
        (place / "card.json").write_text(text, encoding="utf-8")
    shown = {k: v for k, v in card.items() if k not in ("name", "files")}
    lines = [f"# {card.get('name', 'A style')}", "", *_list(shown), "", _USE]
    (folder / "README.md").write_text("\n".join(lines), encoding="utf-8")


def _list(values: dict, indent: str = "") -> Iterator[str]:
    """Renders a dict, and the dicts in it, as a Markdown list."""
    for key, value in values.items():
        key = str(key).replace("_", " ")
        if isinstance(value, dict):
            yield f"{indent}- **{key}**"
            yield from _list(value, indent + "  ")
        else:
            value = f"{value:.4g}" if isinstance(value, float) else value
            yield f"{indent}- **{key}**: {value}"


def _sha256(path: pathlib.Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
