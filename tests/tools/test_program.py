"""What every program does: flags, help, exit codes, signals, silence."""

import signal
import subprocess
import sys

import pytest
from programs import run_program

_PROGRAM = '''"""Paints a fence.

The second paragraph.
"""

import os
import sys
import time

from absl import flags

from fast_depth_style.errors import NotFiniteError, RequestError
from fast_depth_style.tools import program

_COLOUR = flags.DEFINE_string("colour", None, "what colour", required=True)
_BRUSH = flags.DEFINE_string("brush", None, "which brush", required=True)
_COATS = flags.DEFINE_integer("coats", 2, "how many coats", lower_bound=1)
_WIDTH = flags.DEFINE_float("width", 1.5, "how wide")
_STYLE = flags.DEFINE_enum("style", "flat", ["flat", "glossy"], "finish")
_DRY = flags.DEFINE_bool("dry", None, "whether to wait")


def main(WORDS) -> None:
    print(NAME, _COLOUR.value, _COATS.value, flush=True)
    BODY


if __name__ == "__main__":
    program.run(main)
'''
_GOOD = ("--colour=red", "--brush=wide")


@pytest.fixture
def write(tmp_path):
    """Writes the program above, with the words and the body of its `main`."""

    def write(body="pass", words=""):
        path = tmp_path / "paint.py"
        text = _PROGRAM.replace("BODY", body).replace("WORDS", words)
        text = text.replace("NAME", words.partition(":")[0] or "*()")
        path.write_text(text)
        return path

    return write


@pytest.fixture
def start(write):
    """Starts it in a process that has nothing from these tests."""

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


def test_help_is_the_docstring_and_the_flags_with_defaults(run):
    code, out, err = run("--help")

    assert (code, err) == (0, "")
    assert out.startswith("Paints a fence.\n\nThe second paragraph.\n")
    assert "paint.py [--flag=value …]\n" in out
    assert "--colour\n      what colour (required)\n" in out
    assert "--coats\n      how many coats (default: 2)\n" in out
    assert "--[no]dry\n      whether to wait\n" in out
    assert "<flat|glossy>: finish (default: flat)" in out
    # Nothing of absl's own flags.
    assert "verbosity" not in out and "flagfile" not in out


@pytest.mark.parametrize(
    "arguments, says",
    [
        ((), "missing --colour=… --brush=… (--help"),
        (("--colour=red",), "missing --brush=… (--help"),
        ((*_GOOD, "--coats=many"), "--coats=many is not a positive integer"),
        ((*_GOOD, "--coats=0"), "--coats=0 is not a positive integer"),
        ((*_GOOD, "--width=a: b"), "--width=a is not a number"),
        ((*_GOOD, "--style=matt"), "--style=matt: value should be one of"),
        ((*_GOOD, "--dry=perhaps"), "--dry=perhaps is not true or false"),
        ((*_GOOD, "--color=red"), "Did you mean: colour"),
        ((*_GOOD, "--coats"), "Missing value for flag --coats"),
        ((*_GOOD, "more"), "unexpected 'more'"),
    ],
)
def test_a_wrong_command_line_is_one_line_and_exit_code_2(
    write, arguments, says
):
    done = run_program(write(), *arguments)

    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr.startswith("paint.py: ") and says in done.stderr
    assert done.stderr.count("\n") == 1 and done.stderr.endswith("\n")


_TENSORFLOW = "import tensorflow as tf; "
_FULL = "the disk is full"


@pytest.mark.parametrize(
    "body, code, says",
    [
        ("raise RequestError('no such\\nfence')", 2, "no such fence\n"),
        ("raise NotFiniteError('it diverged')", 1, "it diverged\n"),
        ("open('/dev/full', 'w').write('x' * 100_000)", 1, _FULL),
        (
            "import h5py; h5py.File('/dev/full', 'w').create_group('a')",
            1,
            _FULL,
        ),
        (
            f"{_TENSORFLOW}tf.io.write_file('/dev/full', 'x' * 100_000)",
            1,
            _FULL,
        ),
        ("open('/proc/none')", 1, "/proc/none: No such file or directory\n"),
        ("raise OSError(27, 'File too large')", 1, "File too large\n"),
        ("import numpy; numpy.ones(1 << 50)", 1, "out of memory"),
        (
            f"{_TENSORFLOW}"
            "raise tf.errors.ResourceExhaustedError(None, None, 'OOM')",
            1,
            "out of memory",
        ),
        (
            "sys.modules['tensorflow'] = None; import tensorflow",
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


_WAIT = "try: print('begun', flush=True); time.sleep(60)\n    "
_CLEANS = f"{_WAIT}finally: print('cleaned', flush=True)"
# As native code does that calls Python and drops what it raised.
_REPLACES = f"{_WAIT}except BaseException: raise RuntimeError('mismatch')"


@pytest.mark.parametrize(
    "number, body, code, wrote, says",
    [
        (signal.SIGINT, _CLEANS, 130, "cleaned\n", "interrupted"),
        (signal.SIGTERM, _CLEANS, 143, "cleaned\n", "terminated"),
        (signal.SIGTERM, _REPLACES, 143, "", "terminated"),
    ],
)
def test_a_signal_is_one_line_after_the_clean_ups(
    start, number, body, code, wrote, says
):
    process = start(*_GOOD, body=body)
    process.stdout.readline()
    assert process.stdout.readline() == "begun\n"
    process.send_signal(number)
    out, err = process.communicate()

    assert (process.returncode, out) == (code, wrote)
    assert err == f"paint.py: {says}\n"


def test_the_libraries_say_nothing_about_themselves(run):
    code, _, err = run(
        *_GOOD,
        body="import importlib.util; importlib.util.find_spec('tensorflow'); "
        "import tensorflow as tf, tensorflow_hub; tf.constant(1) + 1; "
        "from absl import logging; logging.warning('noise'); "
        "tf.get_logger().warning('noise'); print('ours', file=sys.stderr)",
    )

    assert (code, err) == (0, "ours\n")


def test_a_crash_while_tensorflow_loads_still_says_where(run, tmp_path):
    (tmp_path / "tensorflow.py").write_text("import os; os.abort()")

    code, _, err = run(*_GOOD, body="import tensorflow")

    assert code == -signal.SIGABRT
    assert "Fatal Python error: Aborted" in err and "tensorflow.py" in err


@pytest.mark.parametrize(
    "words, given, code, said",
    [
        # The options of another program.
        ("*options: str", "-- --coats=9 --far", 0, "--coats=9 --far red 2\n"),
        ("*options: str", "--coats=3", 0, "red 3\n"),
        ("*options: str", "--far", 2, "Unknown command line flag 'far'"),
        ("*options: str", "far", 2, "unexpected 'far': settings are given"),
        ("*options: str", "-h", 0, "[--flag=value …] [-- --options …]\n"),
        ("*inputs: str", "a --coats=3 b -- --d", 0, "a b --d red 3\n"),
        ("*inputs: str", "", 0, "red 2\n"),
        ("*inputs: str", "-h", 0, "paint.py [INPUT …] [--flag=value …]\n"),
    ],
)
def test_a_program_may_take_any_words(write, words, given, code, said):
    path = write(words=words)

    done = run_program(path, *_GOOD, *given.split())

    assert done.returncode == code
    assert said in (done.stderr if code else done.stdout)


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
    path = write("print('lost', file=sys.stderr); print('done')")

    done = subprocess.run(
        f"{sys.executable} {path} {' '.join(_GOOD)} 2>&-",
        shell=True,
        stdout=subprocess.PIPE,
        text=True,
    )

    assert (done.returncode, done.stdout[-5:]) == (0, "done\n")


def test_an_exit_code_tells_where_stderr_is_full(write):
    command = f"{sys.executable} {write()} --stray 2>/dev/full"

    assert subprocess.run(command, shell=True).returncode == 2


def test_names_that_are_not_utf8_can_be_printed(run):
    code, out, err = run(*_GOOD, body="print(os.fsdecode(b'caf\\xe9.jpg'))")

    assert (code, err) == (0, "")
    assert "caf\\udce9.jpg" in out


@pytest.mark.parametrize(
    "variable, configured, says",
    [
        ("torch", '{"backend": "jax"}', "KERAS_BACKEND=torch is not supported"),
        ("", '{"backend": "torch"}', "{}/keras.json: backend torch is not"),
        ("jax", '{"backend": "torch"}', None),
        ("", '{"backend": "tensorflow"}', None),
        ("", "[]", None),  # Damaged: left to Keras.
        ("", None, None),
    ],
)
def test_a_backend_that_is_not_supported_is_refused(
    write, tmp_path, variable, configured, says
):
    if configured:
        (tmp_path / "keras.json").write_text(configured)
    environment = {"KERAS_BACKEND": variable, "KERAS_HOME": str(tmp_path)}

    done = run_program(write(), *_GOOD, environment=environment)

    assert done.returncode == (2 if says else 0)
    if says:
        assert done.stderr.startswith(f"paint.py: {says.format(tmp_path)}")
        assert done.stderr.endswith(" set tensorflow or jax\n")
