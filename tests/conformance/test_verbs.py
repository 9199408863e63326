"""Every verb against wrong requests, odd names and interruptions."""

import contextlib
import functools
import importlib.util
import os
import pathlib
import random
import re
import shutil
import signal
import time

import pytest
from programs import Program, run_program
from verbs import VERBS, write_material

from fast_depth_style.tools import cli

_BY_NAME = {verb.name: verb for verb in VERBS}
_INPUTS = [(verb, flag) for verb in VERBS for flag in verb.inputs]


def _each(verbs):
    return pytest.mark.parametrize("verb", verbs, ids=lambda verb: verb.name)


@pytest.fixture
def folder(tmp_path, small_model, styled_model, monkeypatch):
    """What the requests name, in a folder of its own."""
    write_material(tmp_path / "material", small_model, styled_model)
    monkeypatch.chdir(tmp_path)
    return tmp_path / "material"


def _require(verb):
    if verb.extra and importlib.util.find_spec(verb.extra) is None:
        pytest.skip(f"needs {verb.extra}")


def _state(folder):
    """{file: content} of all that is there, but for a home's cache.

    ONNX Runtime writes there as soon as it is imported.
    """
    return {
        path: path.read_bytes()
        for path in sorted(folder.rglob("*"))
        if path.is_file() and ".cache" not in path.parts
    }


def _run(verb, request, **options):
    return run_program(f"{verb.name}.py", **request, **options)


def _require_refused(done, *says):
    assert done.returncode == 2, (done.stdout, done.stderr)
    assert done.stderr.count("\n") == 1, done.stderr
    for text in says:
        assert text in done.stderr


def test_every_verb_is_registered():
    # These read and write no file.
    assert {*_BY_NAME} == {*cli.verbs()} - {"check_serving", "styles"}


@pytest.mark.parametrize(
    "verb, flag",
    [*_INPUTS, *((verb, verb.output) for verb in VERBS)],
    ids=lambda each: getattr(each, "name", each),
)
def test_an_empty_path_is_refused(verb, flag, folder):
    _require(verb)
    before = _state(folder)

    refused = _run(verb, verb.request(folder, **{flag: ""}))

    _require_refused(refused, f"--{flag}=")
    assert _state(folder) == before


@pytest.mark.parametrize(
    "verb, flag", _INPUTS, ids=lambda each: getattr(each, "name", each)
)
def test_a_missing_input_is_named_in_full(verb, flag, folder):
    """So a home folder is expanded, which no shell does after a `=`."""
    _require(verb)
    before = _state(folder)

    refused = _run(
        verb,
        verb.request(folder, **{flag: "~/none"}),
        environment={"HOME": str(folder)},
    )

    _require_refused(refused, f"{folder}/none")
    assert _state(folder) == before


@_each(VERBS)
def test_an_output_that_cannot_be_written_is_refused(verb, folder):
    _require(verb)
    before = _state(folder)

    refused = _run(verb, verb.request(folder, **{verb.output: "/proc/a.png"}))

    _require_refused(refused, "/proc")
    assert _state(folder) == before


@pytest.mark.parametrize(
    "verb, flag",
    [(verb, flag) for verb in VERBS for flag in verb.overwritten],
    ids=lambda each: getattr(each, "name", each),
)
@pytest.mark.parametrize("link", [False, True])
def test_an_output_that_is_an_input_is_refused(verb, flag, link, folder):
    request = verb.request(folder)
    output = request[flag]
    if link:
        output = str(folder / "link.png")
        os.symlink(request[flag], output)
    before = _state(folder)

    refused = _run(verb, request | {verb.output: output})

    _require_refused(refused, "overwrite")
    assert _state(folder) == before


@_each([verb for verb in VERBS if verb.writes == "folder"])
def test_a_folder_of_somebody_else_is_left_alone(verb, folder):
    _require(verb)
    theirs = folder / "theirs"
    (theirs / "1").mkdir(parents=True)
    for name in ("README.md", "losses.csv", "index.html", "1/photo.png"):
        (theirs / name).write_text("mine")
    before = _state(folder)

    done = _run(verb, verb.request(folder, **{verb.output: str(theirs)}))

    if verb.name == "stylize_beam":  # It adds pictures to any folder.
        assert done.returncode == 0, done.stderr
        assert before.items() <= _state(folder).items()
    else:
        _require_refused(done, "theirs")
        assert _state(folder) == before


@_each([v for v in VERBS if v.name not in ("request", "stylize_beam", "demo")])
def test_names_that_are_not_utf8_are_names(
    verb, tmp_path, small_model, styled_model
):
    folder = tmp_path / os.fsdecode(b"caf\xe9")
    write_material(folder, small_model, styled_model)
    photo = folder / "photos" / "a.png"
    photo.rename(photo.with_name(os.fsdecode(b"\xe9.png")))
    (folder / "photos" / os.fsdecode(b"broken\xe9.png")).write_text("text")

    done = _run(verb, verb.request(folder))

    assert done.returncode == 0, done.stderr
    assert os.path.exists(verb.request(folder)[verb.output])


_KILLS = int(os.environ.get("KILLS", "1"))
_SEED = int(os.environ.get("KILLS_SEED", "0"))
# Of train, tests/training/test_run.py compares the losses.
_WRITE = ("stylize", "optimize", "reconstruct", "evaluate", "export")
_CONTINUED = ("optimize", "reconstruct")


class _Undisturbed:
    """A verb's request, what it makes, and the processor time it takes."""

    def __init__(self, verb, folder, *models):
        write_material(folder, *models)
        self.folder, self.request = folder, verb.request(folder)
        self._given = {*folder.rglob("*")}
        process = Program(f"{verb.name}.py", **self.request)
        self.seconds = 0.0
        while process.poll() is None:
            self.seconds = _processor_seconds(process) or self.seconds
            time.sleep(0.05)
        assert process.returncode == 0, process.communicate()
        self.made = self.take()

    def take(self):
        """{file: content} of what has been made, which is removed."""
        made = {
            path.relative_to(self.folder): path
            for path in sorted({*self.folder.rglob("*")} - self._given)
        }
        found = {
            # What an export measured is another time each time.
            str(name): re.sub(rb'"seconds": .*', b"", path.read_bytes())
            for name, path in made.items()
            if path.is_file()
        }
        for path in made.values():
            if path.is_dir():
                shutil.rmtree(path, ignore_errors=True)
            else:
                path.unlink(missing_ok=True)
        return found


@pytest.fixture(scope="module")
def undisturbed(tmp_path_factory, small_model, styled_model):
    @functools.cache
    def made(name):
        folder = tmp_path_factory.mktemp(name)
        return _Undisturbed(
            _BY_NAME[name], folder / "material", small_model, styled_model
        )

    return made


def _processor_seconds(process):
    """Of a process, by all its threads; None when it has ended."""
    try:
        stat = pathlib.Path(f"/proc/{process.pid}/stat").read_text()
    except (FileNotFoundError, ProcessLookupError):
        return None
    used = stat.rpartition(")")[2].split()[11:13]
    return sum(map(int, used)) / os.sysconf("SC_CLK_TCK")


def _listens(process):
    """Whether a program has begun to listen to SIGTERM, or ended."""
    try:
        status = pathlib.Path(f"/proc/{process.pid}/status").read_text()
    except (FileNotFoundError, ProcessLookupError):
        return True
    caught = re.search(r"SigCgt:\s*(\w+)", status)
    return not caught or int(caught[1], 16) >> signal.SIGTERM - 1 & 1


@_each([_BY_NAME[name] for name in _WRITE])
@pytest.mark.parametrize(
    "number", [signal.SIGINT, signal.SIGTERM, signal.SIGKILL]
)
@pytest.mark.parametrize("seed", range(_SEED, _SEED + _KILLS))
def test_after_an_interruption_the_same_command_ends_well(
    verb, number, seed, undisturbed
):
    whole = undisturbed(verb.name)
    whole.take()  # What a failure before this one left.
    # From before the first file to after the last, on a busy machine, too.
    draw = random.Random(f"{verb.name} {number} {seed}")
    moment = draw.uniform(0.0, 1.05) * whole.seconds
    process = Program(f"{verb.name}.py", **whole.request)
    while not _listens(process):
        time.sleep(0.005)
    while process.poll() is None:
        if (_processor_seconds(process) or 0.0) >= moment:
            break
        time.sleep(0.005)
    with contextlib.suppress(ProcessLookupError):  # It has ended.
        process.send_signal(number)
    _, err = process.communicate()

    assert process.returncode in (0, 128 + number, -number), err
    # Python drops what is raised in a callback of its garbage collector.
    assert "Traceback" not in err or "Exception ignored in" in err
    again = _run(verb, whole.request)
    assert again.returncode == 0, (again.returncode, again.stderr)
    left = [p for p in whole.folder.rglob(".*") if "writing" in p.name]
    assert not left
    made = whole.take()
    if verb.name in _CONTINUED:
        # L-BFGS goes on without its memory of the steps before, so that
        # pixels and losses differ, and it may end before it is to keep one.
        assert {*made} >= {n for n in whole.made if "/steps/" not in n}
    else:
        assert made == whole.made
