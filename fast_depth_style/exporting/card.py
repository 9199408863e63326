"""Model card and warm-up requests of a SavedModel.

TensorFlow Serving runs the warm-up requests before it opens a model to users,
because the first request of a signature is slow.
"""

import importlib.metadata
import json
import pathlib
from collections.abc import Iterator, Mapping
from typing import Any

import tensorflow as tf

from fast_depth_style import files

_USE = """\
## Use

`1/` is a TensorFlow SavedModel; it needs TensorFlow and nothing else:

```python
import tensorflow as tf

model = tf.saved_model.load("1")
painted = model.signatures["serving_default"](INPUTS)["stylized_image"]
```

`photos` is a uint8 RGB tensor (batch, height, width, 3) of any size from 16
pixels up; `painted` has the same shape.STYLES

TensorFlow Serving takes this folder as its `model_base_path`. The signature
`encoded` takes the bytes of JPEG, PNG or WebP files of one size as
`image_bytes` and gives PNG files as `stylized_image_bytes`. `card.json`, also
in `1/assets.extra/`, holds this card for programs, with the SHA-256 of every
file.
"""


_STYLES = """

`weights` is (batch, {number}) float32, of the styles {names}, adding up to 1;
`depth` and `stroke` are (batch,) float32 from 0 to 1. In the signature
`encoded`, `style` is text, such as `{first}:0.7,{last}:0.3`."""


def write_card(folder: pathlib.Path, card: dict[str, Any]) -> None:
    """Writes `card.json` and `README.md` to a model's `folder` of versions.

    A version may be moved alone, so `card.json` is in its `assets.extra/` too.
    `card` holds JSON values: `name` becomes the title; `versions` of packages
    and `files`, the SHA-256 of each, are added.
    """
    card = card | {
        "versions": {
            name: importlib.metadata.version(name)
            for name in ("fast-depth-style", "keras", "tensorflow")
        },
        "files": {
            path.relative_to(folder).as_posix(): files.digest(path)
            for path in sorted(folder.rglob("*"))
            if path.is_file()
        },
    }
    text = json.dumps(card, indent=2, ensure_ascii=False) + "\n"
    versions = [path for path in folder.iterdir() if path.is_dir()]
    for place in (folder, *(path / "assets.extra" for path in versions)):
        place.mkdir(exist_ok=True)
        files.write_text(place / "card.json", text)
    shown = {k: v for k, v in card.items() if k not in ("name", "files")}
    styles = card.get("network", {}).get("styles", ())
    inputs, choice = "image=photos", ""
    if len(styles) > 1 or card.get("network", {}).get("dials"):
        inputs += ", style=weights, depth=depth, stroke=stroke"
        choice = _STYLES.format(
            number=len(styles),
            names=", ".join(styles),
            first=styles[0],
            last=styles[-1],
        )
    use = _USE.replace("INPUTS", inputs).replace("STYLES", choice)
    lines = [f"# {card.get('name', 'A style')}", "", *_list(shown), "", use]
    files.write_text(folder / "README.md", "\n".join(lines))


def _list(values: dict[str, Any], indent: str = "") -> Iterator[str]:
    """A dict, and the dicts in it, as a Markdown list."""
    for key, value in values.items():
        key = str(key).replace("_", " ")
        if isinstance(value, dict):
            yield f"{indent}- **{key}**"
            yield from _list(value, indent + "  ")
        else:
            value = f"{value:.4g}" if isinstance(value, float) else value
            yield f"{indent}- **{key}**: {value}"


def write_warmup(
    folder: pathlib.Path, requests: Mapping[str, Mapping[str, Any]]
) -> pathlib.Path:
    """Writes {signature: {input: value}} as a SavedModel's warm-up requests.

    They are `PredictionLog` messages (`prediction_log.proto` of TensorFlow
    Serving), one a record, encoded here: an export does not need
    `tensorflow-serving-api` for the four fields.

    Returns:
        The file, in `assets.extra/`.
    """
    path = folder / "assets.extra" / "tf_serving_warmup_requests"
    path.parent.mkdir(exist_ok=True)
    with tf.io.TFRecordWriter(str(path)) as writer:
        for signature, inputs in requests.items():
            # A PredictRequest: model_spec.signature_name, then the inputs.
            request = _field(1, _field(3, signature.encode()))
            for name, value in sorted(inputs.items()):
                proto = tf.make_tensor_proto(value).SerializeToString()
                entry = _field(1, name.encode()) + _field(2, proto)
                request += _field(2, entry)
            # PredictionLog.predict_log.request
            writer.write(_field(6, _field(1, request)))
    return path


def _field(number: int, content: bytes) -> bytes:
    """A length-delimited field in protobuf's wire format."""
    length, octets = len(content), [number << 3 | 2]
    while length > 127:
        octets.append(length % 128 + 128)
        length //= 128
    return bytes([*octets, length]) + content
