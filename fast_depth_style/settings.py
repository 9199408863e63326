"""Settings classes: fields with default, help text and range.

Flags, JSON files and range checks are made from the fields.
"""

import dataclasses
import math
import types
import typing
from collections.abc import Mapping
from typing import Any, TypeVar

from fast_depth_style.errors import RequestError

_KEY = "setting"
_T = TypeVar("_T")
# What the C code of the libraries holds: an int, a float32.
_MOST = {int: 2**31 - 1, float: 3.4e38}


@dataclasses.dataclass(frozen=True)
class Meaning:
    """Help, range and choices of a setting.

    Attributes:
        help: What it does, in one or two sentences with units.
        least: Smallest value allowed.
        above: Value that it must exceed.
        most: Largest value allowed; by default what C code can hold.
        choices: All values allowed; empty where any is.
        flag: Whether it is a flag of the program.
    """

    help: str
    least: float | None = None
    above: float | None = None
    most: float | None = None
    choices: tuple[str, ...] = ()
    flag: bool = True


def setting(default: Any, help: str, **others: Any) -> Any:
    """A field of a settings class; the arguments are those of `Meaning`."""
    metadata = {_KEY: Meaning(help, **others)}
    return dataclasses.field(default=default, metadata=metadata)


def inherited(cls: type, name: str, default: Any = dataclasses.MISSING) -> Any:
    """A field as another settings class has it, but for its default."""
    field = cls.__dataclass_fields__[name]  # type: ignore[attr-defined]
    if default is dataclasses.MISSING:
        default = field.default
    return dataclasses.field(default=default, metadata=field.metadata)


@typing.dataclass_transform(frozen_default=True)
def settings_class(cls: type[_T]) -> type[_T]:
    """Makes a frozen dataclass and lists its fields in its docstring."""
    made = dataclasses.dataclass(frozen=True)(cls)
    lines = [(made.__doc__ or "").rstrip(), "", "    Attributes:"]
    for field in dataclasses.fields(made):  # type: ignore[arg-type]
        default = f" (default: {field.default!r})"
        lines.append(f"        {field.name}: {meaning(field).help}{default}")
    made.__doc__ = "\n".join(lines) + "\n"
    return made


def meaning(field: dataclasses.Field[Any]) -> Meaning:
    """The `Meaning` of a field that `setting` made."""
    return field.metadata[_KEY]


def check(settings: Any) -> None:
    """Refuses settings with a value out of its range, infinite or NaN.

    None is in any range: it stands for "decided where it is used".
    """
    for field in dataclasses.fields(settings):
        kind, _ = value_type(type(settings), field.name)
        value = getattr(settings, field.name)
        for each in value if isinstance(value, tuple) else (value,):
            if each is None:
                continue
            if says := _fault(each, kind, meaning(field)):
                raise RequestError(f"--{field.name}={each}: {says}")


def _fault(value: Any, kind: type, known: Meaning) -> str | None:
    if known.choices and value not in known.choices:
        return f"choose {' or '.join(known.choices)}"
    if kind not in _MOST:
        return None
    if kind is int and not isinstance(value, int):
        return "give a whole number"
    # No conversion: an int may be larger than a float can be.
    if not (isinstance(value, int | float) and -math.inf < value < math.inf):
        return "give a finite number"
    most = _MOST[kind] if known.most is None else known.most
    if known.least is not None and value < known.least:
        return f"must be at least {known.least}"
    if known.above is not None and value <= known.above:
        return f"must be more than {known.above}"
    if value > most:
        return f"must be at most {most}"
    return None


def to_json(settings: Any) -> dict[str, Any]:
    """The fields as JSON-ready values."""
    return {
        name: [*value] if isinstance(value, tuple) else value
        for name, value in dataclasses.asdict(settings).items()
    }


def from_json(cls: type[_T], values: Mapping[str, Any]) -> _T:
    """An instance of a settings class from what `to_json` gave.

    A key that the class has not is a `TypeError`.
    """
    return cls(
        **{
            name: tuple(value) if isinstance(value, list) else value
            for name, value in values.items()
        }
    )


def value_type(cls: type, name: str) -> tuple[type, bool]:
    """The type T of a field, and whether it is a tuple of T.

    It is annotated `T`, `T | None`, `tuple[T, ...]` or `tuple[T, ...] | None`
    with T among str, int, float and bool.
    """
    annotation = typing.get_type_hints(cls)[name]
    if isinstance(annotation, types.UnionType):
        annotation = typing.get_args(annotation)[0]
    if typing.get_origin(annotation) is tuple:
        return typing.get_args(annotation)[0], True
    return annotation, False
