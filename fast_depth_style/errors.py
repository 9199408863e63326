"""Errors whose message is meant for the person who gave the command."""


class RequestError(ValueError):
    """A request that cannot be carried out; the message says what to change.

    Programs print the message as one line and exit with code 2. It is raised
    before long work starts and before anything is written.
    """


class NotFiniteError(RuntimeError):
    """A weight, a loss or a picture became NaN or infinite."""


class MissingExtraError(RequestError):
    """An optional dependency is not installed."""

    def __init__(self, purpose: str, extra: str):
        """Names the extra of setup.cfg that `purpose` ("videos") needs."""
        super().__init__(
            f"{purpose}: needs pip install 'fast-depth-style[{extra}]'"
        )


def one_line(error: Exception) -> str:
    """One-line message of an exception, or else its class."""
    return " ".join(str(error).split()) or type(error).__name__
