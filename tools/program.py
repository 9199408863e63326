"""Runs a program: its flags, its help, its exit code, a quiet terminal.

Every tool defines its flags at module level, does its work in `main()`, and
ends with

    if __name__ == "__main__":
        program.run(main)

Exit codes: 0 done, 1 the work failed, 2 the request was wrong, 130 interrupted.
"""

import contextlib
import errno
import faulthandler
import importlib.machinery
import inspect
import itertools
import logging
import os
import pathlib
import re
import sys
import typing
import warnings
from collections.abc import Callable, Iterator, Sequence
from types import ModuleType
from typing import NoReturn

from absl import flags

from fast_depth_style.requests import RequestError

_NO_TENSORFLOW = (
    "this needs TensorFlow, which is not installed here: pip install tensorflow"
    " (without it, KERAS_BACKEND=jax trains on a folder of photos, from a"
    " workdir but not from an exported model)"
)


def run(main: Callable[..., None]) -> NoReturn:
    """Parses the command line, calls `main` and exits.

    A wrong command line, a `RequestError` or a lack of TensorFlow is one line
    on stderr and exit code 2; a full disk or a lack of memory one line and 1;
    Ctrl-C one line and 130. Any other exception leaves its traceback, and 1.

    Args:
        main: The program. It may take words from the command line beside the
            flags: `def main(subject: Literal["train", "stylize"])` asks for
            one of the two; `def main(*options: str)` takes what stands behind
            `--`, another program's options.
    """
    module = sys.modules[main.__module__]
    if {"--help", "-help", "-h"} & set(sys.argv[1:]):
        print(_help(_name(), module, main))
        sys.exit(0)
    try:
        words = _parse(module, main)
        _quiet()
        main(*words)
    except RequestError as error:
        fail(str(error), 2)
    except KeyboardInterrupt:
        fail("interrupted", 130)
    except ModuleNotFoundError as error:
        if error.name != "tensorflow":
            raise
        fail(_NO_TENSORFLOW, 2)
    except Exception as error:
        shortage = _shortage(error)
        if shortage is None:
            raise
        fail(shortage)
    sys.exit(0)


def fail(message: str, code: int = 1) -> NoReturn:
    """Exits with one line on stderr."""
    sys.stdout.flush()
    print(f"{_name()}: {' '.join(message.split())}", file=sys.stderr)
    sys.exit(code)


def _name() -> str:
    return pathlib.PurePath(sys.argv[0]).name


def _parse(module: ModuleType, main: Callable[..., None]) -> Sequence[str]:
    """Sets the flags and returns the words that `main` takes beside them."""
    # Flags may stand after a word, as in `benchmark.py train --steps=10`.
    flags.FLAGS.set_gnu_getopt(True)
    try:
        words = flags.FLAGS(sys.argv)[1:]
    except flags.Error as error:
        raise RequestError(_explain(error, module)) from None
    parameters = _parameters(main)
    if _takes_options(parameters):
        stray = next((w for w in words if not w.startswith("--")), None)
        if stray is not None:
            raise RequestError(f"unexpected {stray!r}: give --name=value")
        return words
    for parameter, word in itertools.zip_longest(parameters, words):
        if parameter is None:
            raise RequestError(
                f"unexpected {word!r}: settings are given as --name=value, and "
                "a value with spaces in quotes"
            )
        choices = typing.get_args(parameter.annotation)
        if word not in choices:
            given = "missing" if word is None else f"unknown: {word!r}"
            raise RequestError(
                f"{parameter.name} is {given}; choose {', '.join(choices)}"
            )
    return words


def _parameters(main: Callable[..., None]) -> list[inspect.Parameter]:
    return list(inspect.signature(main, eval_str=True).parameters.values())


def _takes_options(parameters: list[inspect.Parameter]) -> bool:
    return any(p.kind is p.VAR_POSITIONAL for p in parameters)


def _explain(error: flags.Error, module: ModuleType) -> str:
    """Says what to change, where absl says what it tripped over."""
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
    parameters = _parameters(main)
    usage = [name]
    if _takes_options(parameters):
        usage += ["[--flag=value …]", f"[-- --{parameters[-1].name} …]"]
    else:
        for parameter in parameters:
            usage.append("|".join(typing.get_args(parameter.annotation)))
        usage.append("[--flag=value …]")
    lines = [inspect.getdoc(module) or "", "", " ".join(usage)]
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


def _quiet() -> None:
    """Keeps what the libraries say about themselves off the terminal."""
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
    logging.getLogger("tensorflow").setLevel(logging.ERROR)
    # Imported after the flags are parsed: it defines flags of its own.
    from absl import logging as absl_logging

    absl_logging.set_verbosity(absl_logging.ERROR)
    warnings.filterwarnings("ignore", "pkg_resources is deprecated")
    sys.meta_path.insert(0, _QuietTensorFlow())


class _QuietTensorFlow:
    """Imports TensorFlow with stderr aside.

    While its libraries load, they write past every log level.
    """

    def find_spec(self, name, path=None, target=None):
        if name != "tensorflow":
            return None
        spec = importlib.machinery.PathFinder.find_spec(name, path, target)
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
