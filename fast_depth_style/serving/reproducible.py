"""Makes the files of a SavedModel depend on the model only.

TensorFlow numbers functions by how many the process has made before, names what
they capture by its number in the process, stores them in the order of a hash
table and gives every file a random identifier.
"""

import hashlib
import pathlib
import re
from collections.abc import Callable, Mapping, MutableSequence

from google.protobuf.message import Message
from tensorflow.core.protobuf import fingerprint_pb2, saved_model_pb2

_CAPTURE = "_user_specified_name"  # Which no user did, where it is a number.
_NUMBERED = re.compile(r"(.*_)(\d+)", re.DOTALL)
_WITHIN = re.compile(r"(_)(\d+)(?=___)")


def make_reproducible(folder: str | pathlib.Path) -> None:
    """Rewrites `saved_model.pb` and `fingerprint.pb` of a SavedModel.

    Functions are numbered from 0 in the order in which they were made; a
    function's number has no meaning to any reader. The identifier in the
    fingerprint becomes one of the content.

    Args:
        folder: A SavedModel just written, that nobody uses yet.
    """
    folder = pathlib.Path(folder)
    path = folder / "saved_model.pb"
    model = saved_model_pb2.SavedModel.FromString(path.read_bytes())
    for graph in model.meta_graphs:
        functions = graph.graph_def.library.function
        _rename(graph, _renaming([f.signature.name for f in functions]))
        functions.sort(key=lambda function: function.signature.name)
    content = model.SerializeToString(deterministic=True)
    path.write_bytes(content)

    path = folder / "fingerprint.pb"
    fingerprint = fingerprint_pb2.FingerprintDef.FromString(path.read_bytes())
    fingerprint.saved_model_checksum = _hash(content)
    fingerprint.graph_def_program_hash = _hash(
        *(
            graph.graph_def.SerializeToString(deterministic=True)
            for graph in model.meta_graphs
        )
    )
    fingerprint.uuid = str(fingerprint.saved_model_checksum)
    path.write_bytes(fingerprint.SerializeToString(deterministic=True))


def _hash(*contents: bytes) -> int:
    return int.from_bytes(hashlib.sha256(b"".join(contents)).digest()[:8])


def _renaming(names: list[str]) -> Callable[[str], str]:
    """Numbers functions anew, in the same order: new strings for old ones."""
    matches = filter(None, map(_NUMBERED.fullmatch, names))
    numbers = {
        match[2]: str(i)
        for i, match in enumerate(sorted(matches, key=lambda m: int(m[2])))
    }

    def number(match):
        return match[1] + numbers.get(match[2], match[2])

    def rename(text):
        if text in known:
            return _NUMBERED.sub(number, text)
        # Arguments that a loop passes on unused are named after its function.
        return _WITHIN.sub(number, text) if "___" in text else text

    known = frozenset(names)
    return rename


def _rename(value, rename: Callable[[str], str]):
    """Renames in every string of a message and of all that it holds."""
    if isinstance(value, str):
        return rename(value)
    if isinstance(value, Message):
        for field, content in value.ListFields():
            renamed = _rename(content, rename)
            if isinstance(content, str) and renamed != content:
                setattr(value, field.name, renamed)
    elif isinstance(value, Mapping):
        for key in [*value]:
            if key == _CAPTURE and value[key].s.isdigit():
                del value[key]
                continue
            content = _rename(value[key], rename)
            new = _rename(key, rename)
            if isinstance(content, Message):
                if new != key:
                    value[new].CopyFrom(content)
                    del value[key]
            else:
                del value[key]
                value[new] = content
    elif isinstance(value, MutableSequence):
        for i, content in enumerate(value):
            renamed = _rename(content, rename)
            if isinstance(content, str) and renamed != content:
                value[i] = renamed
    return value
