import pathlib
import resource
import subprocess
import sys

import pytest

from fast_depth_style.tools import cli

_TOOLS = pathlib.Path(__file__).parents[2] / "tools"
_COMMAND = (sys.executable, "-m", "fast_depth_style.tools.cli")


def _run(*command):
    """Returns exit code, stdout, stderr and the processor seconds it took."""
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    done = subprocess.run(command, capture_output=True, text=True)
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    seconds = (after.ru_utime + after.ru_stime) - (
        before.ru_utime + before.ru_stime
    )
    return done.returncode, done.stdout, done.stderr, seconds


def test_verbs_are_the_programs():
    programs = {
        path.stem
        for path in _TOOLS.glob("*.py")
        if "program.run(main)" in path.read_text()
    }

    assert set(cli.verbs()) == programs - {"program"}
    assert all(cli.verbs().values())


def test_help_lists_the_verbs():
    code, out, err, seconds = _run(*_COMMAND, "--help")

    assert (code, err) == (0, "")
    for verb, does in cli.verbs().items():
        assert f"  {verb} " in out and does in out
    assert seconds < 1


@pytest.mark.parametrize(
    "arguments, says",
    [((), "no verb"), (("paint",), "unknown verb 'paint'")],
)
def test_an_unknown_verb_is_one_line_that_lists_the_verbs(arguments, says):
    code, out, err, _ = _run(*_COMMAND, *arguments)

    assert (code, out) == (2, "")
    assert err == (
        f"fast-depth-style: {says}: choose one of {', '.join(cli.verbs())}\n"
    )


@pytest.mark.parametrize("verb", cli.verbs())
def test_help_of_a_verb_is_that_of_its_program_and_quick(verb):
    through_command = _run(*_COMMAND, verb, "--help")
    as_program = _run(sys.executable, str(_TOOLS / f"{verb}.py"), "--help")

    for code, out, err, seconds in (through_command, as_program):
        assert (code, err) == (0, "")
        assert out.startswith(cli.verbs()[verb])
        assert seconds < 1
    usage = f"{verb}.py ", f"fast-depth-style {verb} "
    assert as_program[1].replace(*usage) == through_command[1]


@pytest.mark.parametrize("verb", cli.verbs())
def test_a_wrong_flag_of_a_verb_is_one_line(verb):
    code, out, err, _ = _run(*_COMMAND, verb, "--no_such_flag=1")

    assert (code, out) == (2, "")
    assert err.startswith(f"fast-depth-style {verb}: ")
    assert err.count("\n") == 1
