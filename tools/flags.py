"""Flags made from settings classes."""

import dataclasses
from collections.abc import Callable, Collection, Mapping
from typing import Any

from absl import flags

from fast_depth_style import settings as fields
from fast_depth_style.errors import RequestError
from fast_depth_style.exporting.shipped_card import MOBILE, SHIPPED

# The flags belong to the tool that calls `define`.
flags.disclaim_key_flags()


def define(
    cls: type,
    required: Collection[str] = (),
    first: Collection[str] = (),
    instead: Mapping[str, Any] | None = None,
    only: Collection[str] | None = None,
) -> Callable[[], dict[str, Any]]:
    """Defines a flag for every field of a settings class, or those in `only`.

    Those that are `required` stand first in the help, then those in `first`.
    Defaults that the help shows are the fields', or those in `instead`.
    What is returned is a function: {field: value} of the flags that are set.
    """
    shown = instead or {}
    by_name = {field.name: field for field in dataclasses.fields(cls)}
    names = [
        name
        for name in dict.fromkeys([*required, *first, *(only or by_name)])
        if fields.meaning(by_name[name]).flag
    ]
    for name in names:
        field = by_name[name]
        default = shown.get(name, field.default)
        _define(cls, field, name in required, default)

    def given() -> dict[str, Any]:
        return {
            name: _value(cls, name)
            for name in names
            if flags.FLAGS[name].value is not None
        }

    return given


def define_model(required: bool = False) -> flags.FlagHolder[Any]:
    """Defines --model, the network that paints; else the shipped one."""
    return flags.DEFINE_string(
        "model",
        None if required else SHIPPED,
        "Folder of an exported model or of a training; or a network that comes"
        f" with the program: {SHIPPED}, or {MOBILE}, which is small and fast.",
        required=required,
    )


def _define(cls, field, is_required, default):
    meaning = fields.meaning(field)
    kind, many = fields.value_type(cls, field.name)
    text = meaning.help + _default(default)
    arguments = [field.name, None, text]
    make = {
        str: flags.DEFINE_string,
        int: flags.DEFINE_integer,
        float: flags.DEFINE_float,
        bool: flags.DEFINE_bool,
    }[kind]
    if many:
        make = flags.DEFINE_list
    elif meaning.choices:
        make = flags.DEFINE_enum
        arguments.insert(2, [*meaning.choices])
    make(*arguments, required=is_required)


def _default(value):
    if value in (None, "", ()):
        return ""
    if isinstance(value, tuple):
        value = ",".join(map(str, value))
    if isinstance(value, bool):
        value = str(value).lower()
    return f" (default: {value})"


def _value(cls, name):
    value = flags.FLAGS[name].value
    kind, many = fields.value_type(cls, name)
    if kind is str and value in ("", []):  # A shell's unset variable.
        raise RequestError(f"--{name}= is empty: give a value")
    if not many:
        return value
    try:
        return tuple(kind(each) for each in value)
    except ValueError:
        wanted = "whole numbers" if kind is int else "numbers"
        raise RequestError(
            f"--{name}={','.join(value)}: give {wanted}"
        ) from None
