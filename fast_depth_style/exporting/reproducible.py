"""Reproducible SavedModels: the same model gives the same files.

TensorFlow numbers functions and captures by how many the process has made
before, stores them in the order of a hash table, and adds a random identifier.
"""

import hashlib
import pathlib
import re
from collections.abc import Callable, MutableMapping, MutableSequence
from typing import Any

from google.protobuf.message import Message
from tensorflow.core.protobuf import fingerprint_pb2, saved_model_pb2

_CAPTURE = "_user_specified_name"  # Which no user did, where it is a number.
_NUMBERED = re.compile(r"(.*_)(\d+)", re.DOTALL)
_WITHIN = re.compile(r"(_)(\d+)(?=___)")


def make_reproducible(folder: str | pathlib.Path) -> None:
    """Rewrites `saved_model.pb` and `fingerprint.pb` of a new SavedModel.

    Functions are numbered from 0 in the order in which they were made, and the
    identifier in the fingerprint becomes a hash of the content.
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
    graphs = (graph.graph_def for graph in model.meta_graphs)
    fingerprint.graph_def_program_hash = _hash(
        b"".join(g.SerializeToString(deterministic=True) for g in graphs)
    )
    fingerprint.uuid = str(fingerprint.saved_model_checksum)
    path.write_bytes(fingerprint.SerializeToString(deterministic=True))


def _hash(content: bytes) -> int:
    return int.from_bytes(hashlib.sha256(content).digest()[:8])


def _renaming(names: list[str]) -> Callable[[str], str]:
    """Numbers functions anew, in the same order: new strings for old ones."""
    matches = filter(None, map(_NUMBERED.fullmatch, names))
    numbers = {
        match[2]: str(i)
        for i, match in enumerate(sorted(matches, key=lambda m: int(m[2])))
    }

    def number(match: re.Match[str]) -> str:
        return match[1] + numbers.get(match[2], match[2])

    def rename(text: str) -> str:
        if text in known:
            return _NUMBERED.sub(number, text)
        # Arguments that a loop passes on unused are named after its function.
        return _WITHIN.sub(number, text) if "___" in text else text

    known = frozenset(names)
    return rename


def _rename(value: Any, rename: Callable[[str], str]) -> Any:
    """Renames in every string of a message and of all that it holds."""
    if isinstance(value, str):
        return rename(value)
    if isinstance(value, Message):
        for field, content in value.ListFields():
            renamed = _rename(content, rename)
            if isinstance(content, str):
                setattr(value, field.name, renamed)
    elif isinstance(value, MutableMapping):
        for key in [*value]:
            if key == _CAPTURE and value[key].s.isdigit():
                del value[key]
                continue
            content, new = _rename(value[key], rename), _rename(key, rename)
            if not isinstance(content, Message):
                del value[key]
                value[new] = content
            elif new != key:
                value[new].CopyFrom(content)
                del value[key]
    elif isinstance(value, MutableSequence):
        for i, content in enumerate(value):
            renamed = _rename(content, rename)
            if isinstance(content, str):
                value[i] = renamed
    return value
