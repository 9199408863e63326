import pytest
import tensorflow as tf
from programs import run_program


def _check(**flags):
    usual = {"model": "wave", "sizes": "48x40,51x33", "requests": 2}
    return run_program("check_serving.py", **usual | {"timeout": 600} | flags)


def test_a_good_server(server):
    done = _check(server=server.rest)

    assert done.returncode == 0, done.stdout
    assert done.stderr.startswith("100%")
    assert "FAILED" not in done.stdout
    assert "ok      one client\n" in done.stdout
    last = done.stdout.splitlines()[-1].split()
    assert last[:3] == ["16", "51x33", "2"]


def test_a_server_that_fails_later(server):
    left = iter(range(8))

    def before():
        if next(left, None) is None:
            raise tf.errors.InternalError(None, None, "out of order")

    server.before = before
    done = _check(server=server.rest)

    assert done.returncode == 1
    assert "out of order" in done.stdout
    assert done.stderr.endswith(" checks failed\n")


@pytest.mark.parametrize(
    "code, wrong, message",
    [
        (1, {"server": "http://127.0.0.1:1"}, "not available"),
        (2, {"model": "sea"}, "no model 'sea' is served there"),
        (2, {"model": ""}, "--model=: give the name"),
        (2, {"server": ""}, "--server=: not the address"),
        (2, {"requests": 10**9}, "--requests=1000000000 is not"),
        (2, {"timeout": "nan"}, "--timeout=nan: give seconds"),
        (2, {"sizes": ""}, "give two or more"),
        (2, {"sizes": "48x40"}, "give two or more"),
        (2, {"sizes": "48x40,big"}, "--sizes=big: give WIDTHxHEIGHT"),
        (2, {"sizes": "48x40,9999x9999"}, "at most 4,194,304 in all"),
    ],
)
def test_what_goes_wrong_is_one_line(server, code, wrong, message):
    done = _check(**({"server": server.rest} | wrong))

    assert (done.returncode, done.stdout) == (code, "")
    assert message in done.stderr and done.stderr.count("\n") == 1
