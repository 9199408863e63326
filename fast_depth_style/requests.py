"""What a person asked for and cannot have, said in one line."""

import dataclasses
import math
from collections.abc import Iterable, Mapping
from typing import Any


class RequestError(ValueError):
    """A request that is wrong: its message says what to change.

    Programs print the message as one line and exit with code 2; nothing has
    been written by then.
    """


def fill_in(settings: Any, **defaults: Any) -> None:
    """Gives fields that are None a value that depends on the others.

    Args:
        settings: A dataclass that is being made, frozen or not.
        **defaults: {field: value}.
    """
    for name, value in defaults.items():
        if getattr(settings, name) is None:
            object.__setattr__(settings, name, value)


def require_in_range(
    settings: Any, least: Mapping[str, float], positive: Iterable[str]
) -> None:
    """Checks the numbers among the settings; each has a flag of its name.

    Args:
        settings: A dataclass; fields called `…_weight` are 0 or more.
        least: {field: smallest value}.
        positive: Fields that are more than 0.

    Raises:
        RequestError: One is out of its range, infinite or not a number.
    """
    for name in (field.name for field in dataclasses.fields(settings)):
        value = getattr(settings, name)
        if name.endswith("_weight") and not 0 <= value < math.inf:
            raise RequestError(
                f"--{name}={value}: a weight is 0 or more; give 0 to switch"
                " the term off"
            )
    for name, smallest in least.items():
        value = getattr(settings, name)
        if not smallest <= value < math.inf:
            raise RequestError(f"--{name}={value}: must be at least {smallest}")
    for name in positive:
        value = getattr(settings, name)
        if not 0 < value < math.inf:
            raise RequestError(f"--{name}={value}: must be more than 0")
