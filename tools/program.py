"""Runs a program: its flags, its help, its exit code, a quiet terminal.

Every tool defines its flags at module level, does its work in `main()`, and
ends with

    if __name__ == "__main__":
        program.run(main)

Exit codes: 0 done, 1 the work failed, 2 the request was wrong, 130 interrupted,
143 terminated.
"""

import contextlib
import errno
import faulthandler
import importlib.machinery
import inspect
import io
import json
import logging
import os
import pathlib
import re
import signal
import sys
import warnings
from collections.abc import Callable, Iterator, Sequence
from types import FrameType, ModuleType
from typing import Any, NoReturn

from absl import flags

from fast_depth_style.errors import NotFiniteError, RequestError
from fast_depth_style.runs.interrupts import Terminated

_NO_TENSORFLOW = (
    "this needs TensorFlow, which is not installed here: pip install tensorflow"
    " (without it, KERAS_BACKEND=jax trains on a folder of photos, from a"
    " workdir but not from an exported model)"
)


def run(main: Callable[..., None]) -> NoReturn:
    """Parses the command line, calls `main` and exits.

    An error that a person can mend is one line on stderr; any other exception
    leaves its traceback, and exit code 1. A closed stdout (`| head`) is no
    error.

    `main(*inputs)` takes words beside the flags, `main(*options)` the options
    of another program, which stand behind `--`.
    """
    _open_standard_streams()
    module = sys.modules[main.__module__]
    try:
        if {"--help", "-help", "-h"} & set(sys.argv[1:]):
            print(_help(_name(), module, main), flush=True)
            sys.exit(0)
        signal.signal(signal.SIGTERM, _note_signal)
        signal.signal(signal.SIGINT, _note_signal)
        words = _parse(module, main)
        _require_known_backend()
        _quiet()
        main(*words)
        sys.stdout.flush()
        _ignore_signals()
    except BrokenPipeError:
        # Python flushes stdout once more when it exits.
        os.dup2(os.open(os.devnull, os.O_WRONLY), 1)
    except RequestError as error:
        fail(str(error), 2)
    except NotFiniteError as error:
        fail(str(error))
    except Terminated:
        fail("terminated", 143)
    except KeyboardInterrupt:
        fail("interrupted", 130)
    except ModuleNotFoundError as error:
        if error.name != "tensorflow":
            raise
        fail(_NO_TENSORFLOW, 2)
    except Exception as error:
        if signal.SIGTERM in _signals:
            fail("terminated", 143)
        if _signals:
            fail("interrupted", 130)
        reason = _shortage(error) or _refusal(error)
        if reason is None:
            raise
        fail(reason)
    sys.exit(0)


_signals: list[int] = []
"""Received signals; native code may replace our exception."""


def _note_signal(number: int, frame: FrameType | None) -> NoReturn:
    """Makes SIGTERM run the clean-ups that Ctrl-C runs."""
    _signals.append(number)
    raise Terminated if number == signal.SIGTERM else KeyboardInterrupt


def _ignore_signals() -> None:
    """Ignores signals from now on: everything is done."""
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, signal.SIG_IGN)


def _open_standard_streams() -> None:
    """Lets a program run whose caller closed one of its streams."""
    for number, mode in ((0, "r"), (1, "w"), (2, "w")):
        try:
            os.fstat(number)
        except OSError:
            os.open(os.devnull, os.O_RDWR)  # It takes the lowest free number.
            stream = open(number, mode, closefd=False)
            setattr(sys, ("stdin", "stdout", "stderr")[number], stream)
    for stream in (sys.stdout, sys.stderr):
        # Names of files may be any bytes.
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="backslashreplace")


def fail(message: str, code: int = 1) -> NoReturn:
    """Exits with one line on stderr."""
    _ignore_signals()
    with contextlib.suppress(OSError):
        sys.stdout.flush()
    try:
        print(f"{_name()}: {' '.join(message.split())}", file=sys.stderr)
    except OSError:  # Nobody can be told.
        os._exit(code)
    sys.exit(code)


def _name() -> str:
    return pathlib.PurePath(sys.argv[0]).name


def _parse(module: ModuleType, main: Callable[..., None]) -> Sequence[str]:
    """Sets the flags and returns the words that `main` takes beside them."""
    # Flags may stand after a word, as in `stylize photo.jpg --depth=0.5`.
    flags.FLAGS.set_gnu_getopt(True)
    try:
        words = flags.FLAGS(sys.argv)[1:]
    except flags.Error as error:
        raise RequestError(_explain(error, module)) from None
    taken = _words(main)
    if taken != "inputs":
        stray = [w for w in words if not (taken and w.startswith("--"))]
        if stray:
            raise RequestError(
                f"unexpected {stray[0]!r}: settings are given as --name=value,"
                " and a value with spaces in quotes"
            )
    return words


def _require_known_backend() -> None:
    """Raises RequestError unless Keras is going to use TensorFlow or JAX.

    Keras takes its backend from KERAS_BACKEND, or else from keras.json in
    KERAS_HOME or ~/.keras. It is not imported here: that takes seconds.
    """
    name, source = os.environ.get("KERAS_BACKEND"), "KERAS_BACKEND="
    if not name:
        home = os.environ.get("KERAS_HOME") or "~/.keras"
        path = pathlib.Path(home).expanduser() / "keras.json"
        source = f"{path}: backend "
        try:
            name = json.loads(path.read_text()).get("backend")
        except (OSError, ValueError, AttributeError):
            return  # Keras then takes its default, TensorFlow.
    if name and name not in ("tensorflow", "jax"):
        raise RequestError(
            f"{source}{name} is not supported: set tensorflow or jax"
        )


def _words(main: Callable[..., None]) -> str:
    """What words a program takes: "inputs", "options", or "" for none."""
    parameters = inspect.signature(main).parameters.values()
    return next((p.name for p in parameters if p.kind is p.VAR_POSITIONAL), "")


def _explain(error: flags.Error, module: ModuleType) -> str:
    """Absl's message of wrong flags, rewritten to say what to change."""
    missing = [
        flag.name
        for flag in flags.FLAGS.get_key_flags_for_module(module)
        if _is_required(flag) and flag.value is None
    ]
    message = str(error)
    if missing and "must have a value" in message:
        return (
            f"missing {' '.join(f'--{name}=…' for name in missing)} "
            "(--help explains each flag)"
        )
    illegal = re.match(r"flag --(\w+)=(.*?): ", message, re.DOTALL)
    if illegal is None:
        return message
    name, value = illegal.groups()
    flag = flags.FLAGS[name]
    wanted = "true or false" if flag.boolean else flag.parser.syntactic_help
    if wanted:
        return f"--{name}={value} is not {wanted}"
    return message.removeprefix("flag ")


def _is_required(flag: flags.Flag) -> bool:
    return any("must have a value" in v.message for v in flag.validators)


def _help(name: str, module: ModuleType, main: Callable[..., None]) -> str:
    usage = {
        "inputs": f"{name} [INPUT …] [--flag=value …]",
        "options": f"{name} [--flag=value …] [-- --options …]",
        "": f"{name} [--flag=value …]",
    }[_words(main)]
    lines = [inspect.getdoc(module) or "", "", usage]
    for flag in flags.FLAGS.get_key_flags_for_module(module):
        note = ""
        if _is_required(flag):
            note = " (required)"
        elif flag.default not in (None, ""):
            note = f" (default: {flag.default_as_str.strip(chr(39))})"
        dashes = "--[no]" if flag.boolean else "--"
        lines.append(f"  {dashes}{flag.name}")
        lines.append(flags.text_wrap(flag.help + note, indent="      "))
    return "\n".join(lines)


def _shortage(error: Exception) -> str | None:
    """One line for a full disk or a lack of memory, None for anything else."""
    text = str(error)
    if (
        getattr(error, "errno", None) in (errno.ENOSPC, errno.EDQUOT)
        or os.strerror(errno.ENOSPC) in text
    ):
        return "the disk is full: free some space and run the command again"
    # TensorFlow's and XLA's own errors are named, not imported: a program may
    # run without either.
    if (
        isinstance(error, MemoryError)
        or type(error).__name__ == "ResourceExhaustedError"
        or "RESOURCE_EXHAUSTED" in text
    ):
        return "out of memory: use smaller pictures or a smaller batch"
    return None


def _refusal(error: Exception) -> str | None:
    """One line for what the system refuses, None for anything else."""
    if not isinstance(error, OSError) or not error.strerror:
        return None
    named = [os.fsdecode(error.filename)] if error.filename else []
    return ": ".join([*named, error.strerror])


def _quiet() -> None:
    """Silences log messages and warnings of the libraries."""
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
    logging.getLogger("tensorflow").setLevel(logging.ERROR)
    # Imported after the flags are parsed: it defines flags of its own.
    from absl import logging as absl_logging

    absl_logging.set_verbosity(absl_logging.ERROR)
    warnings.filterwarnings("ignore", "pkg_resources is deprecated")
    sys.meta_path.insert(0, _QuietTensorFlow())


class _QuietTensorFlow:
    """Imports TensorFlow, which writes past every log level, without stderr."""

    def find_spec(self, name, path=None, target=None):
        if name != "tensorflow":
            return None
        spec: Any = importlib.machinery.PathFinder.find_spec(name, path, target)
        if spec is not None:
            load = spec.loader.exec_module

            def load_quietly(module):
                with _stderr_aside():
                    load(module)

            spec.loader.exec_module = load_quietly
        return spec


@contextlib.contextmanager
def _stderr_aside() -> Iterator[None]:
    terminal = os.dup(2)
    nowhere = os.open(os.devnull, os.O_WRONLY)
    os.dup2(nowhere, 2)
    # A crash in a native library still says where.
    faulthandler.enable(terminal)
    try:
        yield
    finally:
        faulthandler.enable(2)
        os.dup2(terminal, 2)
        os.close(terminal)
        os.close(nowhere)
