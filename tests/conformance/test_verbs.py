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
from tiny_material import contents
from verbs import VERBS, write_material

from fast_depth_style import files
from fast_depth_style.exporting.export import REPORT
from fast_depth_style.tools import cli

_BY_NAME = {verb.name: verb for verb in VERBS}
_KINDS = {"export": "model", "page": "page", "stylize_beam": "pictures"}
_INPUTS = [(verb, flag) for verb in VERBS for flag in verb.inputs]


def _each(verbs):
    return pytest.mark.parametrize("verb", verbs, ids=lambda verb: verb.name)


def _require(verb):
    if verb.extra and importlib.util.find_spec(verb.extra) is None:
        pytest.skip(f"needs {verb.extra}")


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


_PATHS = [
    *(
        (verb, flag, "", f"--{flag}=")
        for verb in VERBS
        for flag in (*verb.inputs, verb.output)
    ),
    # In full: a home folder is expanded, which no shell does after a `=`.
    *((verb, flag, "~/none", "{}/none") for verb, flag in _INPUTS),
    *((verb, verb.output, "/proc/a.png", "/proc") for verb in VERBS),
]


@pytest.mark.parametrize(
    "verb, flag, value, says",
    _PATHS,
    ids=lambda each: getattr(each, "name", each),
)
def test_a_path_that_cannot_be_is_refused(verb, flag, value, says, folder):
    _require(verb)
    before = contents(folder)

    refused = _run(
        verb,
        verb.request(folder, **{flag: value}),
        environment={"HOME": str(folder)},
    )

    _require_refused(refused, says.format(folder))
    assert contents(folder) == before


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
    before = contents(folder)

    refused = _run(verb, request | {verb.output: output})

    _require_refused(refused, "overwrite")
    assert contents(folder) == before


@pytest.mark.parametrize(
    "verb, flag", _INPUTS, ids=lambda each: getattr(each, "name", each)
)
def test_a_pipe_is_not_waited_for(verb, flag, folder):
    _require(verb)
    pipe = folder / "pipe.png"
    os.mkfifo(pipe)

    _require_refused(_run(verb, verb.request(folder, **{flag: str(pipe)})))


@pytest.mark.parametrize(
    "name, changes", [("stylize", {}), ("compare", {"dial": "depth"})]
)
def test_a_mask_is_not_overwritten(name, changes, folder):
    mask = str(folder / "painting.png")
    style = {"style": "near:udnie,far:scream", "mask": mask, "output": mask}
    before = contents(folder)

    refused = _run(
        _BY_NAME[name],
        _BY_NAME[name].request(folder, model=str(folder / "styled"))
        | style
        | changes,
    )

    _require_refused(refused, "overwrite")
    assert contents(folder) == before


@pytest.mark.parametrize(
    "name, made",
    [
        ("stylize", "photo.png"),
        ("compare", "photo.png"),
        ("request", "photo.png"),
        ("stylize_beam", "a.png"),
        ("stylize_beam", "broken.txt"),
    ],
)
def test_a_file_of_somebody_else_in_a_folder_is_not_replaced(
    name, made, folder
):
    _require(_BY_NAME[name])
    theirs = folder / "theirs"
    theirs.mkdir()
    (theirs / made).write_text("mine")
    before = contents(folder)

    refused = _run(
        _BY_NAME[name], _BY_NAME[name].request(folder, output=str(theirs))
    )

    _require_refused(refused, f"theirs/{made}")
    assert contents(folder) == before


@pytest.mark.parametrize("kind", ["", "model", "page", "pictures"])
@_each([verb for verb in VERBS if verb.writes == "folder"])
def test_a_folder_of_something_else_is_left_alone(verb, kind, folder):
    """Of somebody else, or of another verb."""
    _require(verb)
    if kind == _KINDS.get(verb.name):
        pytest.skip("its own")
    theirs = folder / "theirs"
    (theirs / "1").mkdir(parents=True)
    if kind:
        files.mark_own_folder(theirs, kind)
    for name in ("README.md", "losses.csv", "index.html", "1/photo.png"):
        (theirs / name).write_text("mine")
    before = contents(folder)

    done = _run(verb, verb.request(folder, **{verb.output: str(theirs)}))

    if verb.name == "stylize_beam":  # It adds pictures to any folder.
        assert done.returncode == 0, done.stderr
        assert before.items() <= contents(folder).items()
    else:
        _require_refused(done, "theirs")
        assert contents(folder) == before


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


_KILLS = int(os.environ.get("KILLS", "0"))
_SEED = int(os.environ.get("KILLS_SEED", "0"))
# Of train, tests/training/test_run.py compares the losses.
_WRITE = [verb.name for verb in VERBS if verb.name != "train"]
_SIGNALS = (signal.SIGINT, signal.SIGTERM, signal.SIGKILL)
_KILLED = [
    # The demo takes minutes, in `make test-slow`.
    pytest.param(
        name, number, seed, marks=[pytest.mark.slow] * (name == "demo")
    )
    for seed in range(_SEED, _SEED + max(1, _KILLS))
    for i, name in enumerate(_WRITE)
    # Without KILLS each verb once, by one of the signals: it takes long.
    for number in (_SIGNALS if _KILLS else [_SIGNALS[i % 3]])
]


_TIMES = re.compile(rb'"seconds": .*|[\d.]+ m?s\b')


class _Undisturbed:
    """A verb's request, what it makes, and the processor time it takes."""

    def __init__(self, verb, folder, models, **changes):
        write_material(folder, *models)
        self.folder, self.request = folder, verb.request(folder, **changes)
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
            str(name): path.read_bytes()
            for name, path in made.items()
            # TensorBoard's files have the time in their names.
            if path.is_file() and "tensorboard" not in path.parts
        }
        for name in found:
            if name.endswith((REPORT, "index.html")):
                # How long a file took is another time each time.
                found[name] = _TIMES.sub(b"", found[name])
        for path in made.values():
            if path.is_dir():
                shutil.rmtree(path, ignore_errors=True)
            else:
                path.unlink(missing_ok=True)
        return found


@pytest.fixture(scope="module")
def undisturbed(tmp_path_factory, small_model, styled_model):
    models = small_model, styled_model

    @functools.cache
    def made(name, **changes):
        folder = tmp_path_factory.mktemp(name) / "material"
        return _Undisturbed(_BY_NAME[name], folder, models, **changes)

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


@pytest.mark.parametrize("name, number, seed", _KILLED)
def test_after_an_interruption_the_same_command_ends_well(
    name, number, seed, undisturbed, request
):
    verb, changes = _BY_NAME[name], {}
    _require(verb)
    if name == "request":
        changes["server"] = request.getfixturevalue("server").rest
    whole = undisturbed(name, **changes)
    whole.take()  # What a failure before this one left.
    # From before the first file to after the last, on a busy machine, too.
    draw = random.Random(f"{name} {number} {seed}")
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
    assert whole.take() == whole.made
