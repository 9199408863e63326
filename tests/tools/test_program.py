import signal
import subprocess
import sys

import pytest
from programs import run_program

_PROGRAM = '''"""Paints a fence.

The second paragraph.
"""

from typing import Literal

from absl import flags

from fast_depth_style.errors import RequestError
from fast_depth_style.tools import program

_COLOUR = flags.DEFINE_string("colour", None, "what colour", required=True)
_BRUSH = flags.DEFINE_string("brush", None, "which brush", required=True)
_COATS = flags.DEFINE_integer("coats", 2, "how many coats", lower_bound=1)
_WIDTH = flags.DEFINE_float("width", 1.5, "how wide")
_STYLE = flags.DEFINE_enum("style", "flat", ["flat", "glossy"], "finish")
_DRY = flags.DEFINE_bool("dry", None, "whether to wait")


def main(side: Literal["front", "back"]) -> None:
    print(side, _COLOUR.value, _COATS.value, flush=True)
    BODY


if __name__ == "__main__":
    program.run(main)
'''
_GOOD = ("front", "--colour=red", "--brush=wide")


@pytest.fixture
def write(tmp_path):
    """Writes the program above with a body for `main`; returns the file."""

    def write(body):
        path = tmp_path / "paint.py"
        path.write_text(_PROGRAM.replace("BODY", body))
        return path

    return write


@pytest.fixture
def start(write):
    """Starts it."""

    def start(*arguments, body="pass"):
        return subprocess.Popen(
            [sys.executable, write(body), *arguments],
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            # Even where these tests run in the background, and ignore it.
            preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_DFL),
        )

    return start


@pytest.fixture
def run(start):
    """Runs it to the end and returns exit code, stdout and stderr."""

    def run(*arguments, body="pass"):
        process = start(*arguments, body=body)
        out, err = process.communicate()
        return process.returncode, out, err

    return run


def test_flags_may_stand_on_either_side_of_the_word(run):
    code, out, err = run("--colour=red", "back", "--brush=wide", "--coats=3")

    assert (code, out, err) == (0, "back red 3\n", "")


def test_help_is_the_docstring_and_the_flags_with_defaults(run):
    code, out, err = run("--help")

    assert (code, err) == (0, "")
    assert out.startswith("Paints a fence.\n\nThe second paragraph.\n")
    assert "paint.py front|back" in out
    assert "--colour\n      what colour (required)\n" in out
    assert "--coats\n      how many coats (default: 2)\n" in out
    assert "--[no]dry\n      whether to wait\n" in out
    assert "<flat|glossy>: finish (default: flat)" in out
    # Nothing of absl's own flags.
    assert "verbosity" not in out and "flagfile" not in out


@pytest.mark.parametrize(
    "arguments, says",
    [
        (("front",), "missing --colour=… --brush=… (--help"),
        (("front", "--colour=red"), "missing --brush=… (--help"),
        ((*_GOOD, "--coats=many"), "--coats=many is not a positive integer"),
        ((*_GOOD, "--coats=0"), "--coats=0 is not a positive integer"),
        ((*_GOOD, "--width=a: b"), "--width=a is not a number"),
        ((*_GOOD, "--style=matt"), "--style=matt: value should be one of"),
        ((*_GOOD, "--dry=perhaps"), "--dry=perhaps is not true or false"),
        ((*_GOOD, "--color=red"), "Did you mean: colour"),
        ((*_GOOD, "--coats"), "Missing value for flag --coats"),
        ((*_GOOD, "more"), "unexpected 'more'"),
        (_GOOD[1:], "side is missing; choose front, back"),
        (("top", *_GOOD[1:]), "side is unknown: 'top'; choose front, back"),
    ],
)
def test_a_wrong_command_line_is_one_line_and_exit_code_2(run, arguments, says):
    code, out, err = run(*arguments)

    assert (code, out) == (2, "")
    assert err.startswith("paint.py: ") and says in err
    assert err.count("\n") == 1 and err.endswith("\n")


@pytest.mark.parametrize(
    "body, code, says",
    [
        ("raise RequestError('no such\\nfence')", 2, "no such fence\n"),
        (
            "from fast_depth_style.errors import NotFiniteError; "
            "raise NotFiniteError('training diverged')",
            1,
            "training diverged\n",
        ),
        ("open('/dev/full', 'w').write('x' * 100_000)", 1, "the disk is full"),
        (
            "import h5py; h5py.File('/dev/full', 'w').create_group('a')",
            1,
            "the disk is full",
        ),
        (
            "import tensorflow as tf; "
            "tf.io.write_file('/dev/full', 'x' * 100_000)",
            1,
            "the disk is full",
        ),
        ("import numpy; numpy.ones(1 << 50)", 1, "out of memory"),
        (
            "import tensorflow as tf; "
            "raise tf.errors.ResourceExhaustedError(None, None, 'OOM')",
            1,
            "out of memory",
        ),
        (
            "import sys; sys.modules['tensorflow'] = None; import tensorflow",
            2,
            "this needs TensorFlow, which is not installed",
        ),
    ],
)
def test_what_a_person_can_mend_is_one_line(write, body, code, says):
    done = run_program(write(body), *_GOOD)

    assert done.returncode == code
    assert done.stderr.startswith(f"paint.py: {says}")
    assert done.stderr.count("\n") == 1


def test_another_exception_shows_where_it_was_raised(run):
    code, _, err = run(*_GOOD, body="1 / 0")

    assert code == 1
    assert err.startswith("Traceback") and "ZeroDivisionError" in err


@pytest.mark.parametrize(
    "number, code, says",
    [(signal.SIGINT, 130, "interrupted"), (signal.SIGTERM, 143, "terminated")],
)
def test_a_signal_is_one_line_after_the_clean_ups(start, number, code, says):
    process = start(
        *_GOOD,
        body="\n    import time\n"
        "    try: print('begun', flush=True); time.sleep(60)\n"
        "    finally: print('cleaned', flush=True)",
    )
    process.stdout.readline()
    assert process.stdout.readline() == "begun\n"
    process.send_signal(number)
    out, err = process.communicate()

    assert (process.returncode, out) == (code, "cleaned\n")
    assert err == f"paint.py: {says}\n"


def test_the_libraries_say_nothing_about_themselves(run):
    code, _, err = run(
        *_GOOD,
        body="import importlib.util; importlib.util.find_spec('tensorflow'); "
        "import tensorflow as tf, tensorflow_hub; tf.constant(1) + 1; "
        "from absl import logging; logging.warning('noise'); "
        "tf.get_logger().warning('noise'); "
        "import sys; print('ours', file=sys.stderr)",
    )

    assert (code, err) == (0, "ours\n")


def test_a_crash_while_tensorflow_loads_still_says_where(run, tmp_path):
    (tmp_path / "tensorflow.py").write_text("import os; os.abort()")

    code, _, err = run(*_GOOD, body="import tensorflow")

    assert code == -signal.SIGABRT
    assert "Fatal Python error: Aborted" in err and "tensorflow.py" in err


def test_a_program_may_take_the_options_of_another(tmp_path):
    path = tmp_path / "wrap.py"
    path.write_text(
        _PROGRAM.replace('side: Literal["front", "back"]', "*options: str")
        .replace("print(side, ", "print(*options, ")
        .replace("BODY", "pass")
    )

    def run(*arguments):
        command = [sys.executable, path, "--colour=red", "--brush=wide"]
        done = subprocess.run(
            [*command, *arguments], capture_output=True, text=True
        )
        return done.returncode, done.stdout, done.stderr

    assert run("--", "--coats=9", "--far") == (0, "--coats=9 --far red 2\n", "")
    assert run("--coats=3") == (0, "red 3\n", "")
    assert run("--far")[0] == 2
    assert run("far") == (
        2,
        "",
        "wrap.py: unexpected 'far': give --name=value\n",
    )
    assert "wrap.py [--flag=value …] [-- --options …]\n" in run("--help")[1]


def test_a_program_may_take_any_words(tmp_path):
    path = tmp_path / "wrap.py"
    path.write_text(
        _PROGRAM.replace('side: Literal["front", "back"]', "*inputs: str")
        .replace("print(side, ", "print(*inputs, ")
        .replace("BODY", "pass")
    )

    def run(*words):
        return run_program(path, *words)

    done = run("a", "--colour=red", "b c", "--brush=wide", "--", "--d")
    assert (done.returncode, done.stdout) == (0, "a b c --d red 2\n")
    assert run("--colour=red", "--brush=wide").stdout == "red 2\n"
    assert "wrap.py [INPUT …] [--flag=value …]\n" in run("--help").stdout


def test_a_reader_that_goes_away_is_no_error(write):
    path = write("print('x' * 1_000_000)")

    for arguments in ("--help", " ".join(_GOOD)):
        done = subprocess.run(
            f"{sys.executable} {path} {arguments} | head -c 1;"
            " exit ${PIPESTATUS[0]}",
            shell=True,
            executable="/bin/bash",
            capture_output=True,
            text=True,
        )
        assert (done.returncode, done.stderr) == (0, "")


def test_a_closed_stderr_does_not_end_a_run(write):
    path = write("import sys; print('lost', file=sys.stderr); print('done')")

    done = subprocess.run(
        f"{sys.executable} {path} {' '.join(_GOOD)} 2>&-",
        shell=True,
        stdout=subprocess.PIPE,
        text=True,
    )

    assert (done.returncode, done.stdout[-5:]) == (0, "done\n")


def test_names_that_are_not_utf8_can_be_printed(run):
    body = "import os; print(os.fsdecode(b'caf\\xe9.jpg'))"
    code, out, err = run(*_GOOD, body=body)

    assert (code, err) == (0, "")
    assert "caf\\udce9.jpg" in out


def test_a_backend_that_is_not_supported_is_refused(write):
    done = run_program(
        write("pass"), *_GOOD, environment={"KERAS_BACKEND": "torch"}
    )

    assert done.returncode == 2
    assert done.stderr == (
        "paint.py: KERAS_BACKEND=torch is not supported: set tensorflow or"
        " jax\n"
    )


def test_a_signal_whose_exception_was_replaced_is_still_a_signal(start):
    """As native code does that calls Python and drops what it raised."""
    process = start(
        *_GOOD,
        body="\n    import time\n    try: time.sleep(60)\n"
        "    except BaseException: raise RuntimeError('mismatch')",
    )
    process.stdout.readline()
    process.send_signal(signal.SIGTERM)
    _, err = process.communicate()

    assert (process.returncode, err) == (143, "paint.py: terminated\n")
