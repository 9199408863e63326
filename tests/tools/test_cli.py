import pathlib
import subprocess
import sys

import pytest

from fast_depth_style.tools import cli

_TOOLS = pathlib.Path(__file__).parents[2] / "tools"
_COMMAND = ("-m", "fast_depth_style.tools.cli")
_SLOW = {"tensorflow", "keras", "jax", "scipy", "matplotlib", "PIL"}


def _run(*command):
    """Returns exit code, stdout, stderr and the packages it imported."""
    done = subprocess.run(
        [sys.executable, "-X", "importtime", *command],
        capture_output=True,
        text=True,
    )
    lines = done.stderr.splitlines()
    imports = [line for line in lines if line.startswith("import time:")]
    packages = {
        line.rpartition("|")[2].strip().partition(".")[0] for line in imports
    }
    said = "".join(f"{line}\n" for line in lines if line not in imports)
    return done.returncode, done.stdout, said, packages


def test_verbs_are_the_programs():
    programs = {
        path.stem
        for path in _TOOLS.glob("*.py")
        if "program.run(main)" in path.read_text()
    }

    assert set(cli.verbs()) == programs - {"program"}
    assert all(cli.verbs().values())


def test_help_lists_the_verbs():
    code, out, err, packages = _run(*_COMMAND, "--help")

    assert (code, err) == (0, "")
    for verb, does in cli.verbs().items():
        assert f"  {verb} " in out and does in out
    assert "absl" in packages and not packages & _SLOW


_CHOOSE = f"choose one of {', '.join(cli.verbs())}\n"


@pytest.mark.parametrize(
    "arguments, says",
    [
        ((), f": no verb: {_CHOOSE}"),
        (("paint",), f": unknown verb 'paint': {_CHOOSE}"),
        (("train", "--far=1"), " train: Unknown command line flag 'far'"),
    ],
)
def test_what_is_unknown_is_one_line(arguments, says):
    code, out, err, _ = _run(*_COMMAND, *arguments)

    assert (code, out) == (2, "")
    assert err.startswith(f"fast-depth-style{says}") and err.count("\n") == 1


@pytest.mark.parametrize("verb", cli.verbs())
def test_help_of_a_verb_is_that_of_its_program_and_quick(verb):
    through_command = _run(*_COMMAND, verb, "--help")
    as_program = _run(str(_TOOLS / f"{verb}.py"), "--help")

    for code, out, err, packages in (through_command, as_program):
        assert (code, err) == (0, "")
        assert out.startswith(cli.verbs()[verb])
        assert "absl" in packages and not packages & _SLOW
    usage = f"{verb}.py ", f"fast-depth-style {verb} "
    assert as_program[1].replace(*usage) == through_command[1]
