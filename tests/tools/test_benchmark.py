import importlib.util

import pytest
from programs import run_program

_TORCH = importlib.util.find_spec("torch") is not None


def _run(*arguments):
    return run_program("benchmark.py", *arguments)


@pytest.mark.parametrize(
    "arguments, says",
    [
        ((), "subject is missing; choose train, stylize"),
        (("sleep",), "subject is unknown: 'sleep'"),
        (("train", "--rounds=0"), "--rounds=0"),
        (("tflite",), "give --files="),
        (("gpu",), "jax"),
    ],
)
def test_a_wrong_request_is_one_line(arguments, says):
    done = _run(*arguments)

    assert (done.returncode, done.stdout) == (2, "")
    assert says in done.stderr and done.stderr.count("\n") == 1


@pytest.mark.skipif(not _TORCH, reason="PyTorch is asked for first")
@pytest.mark.parametrize(
    "arguments, says",
    [
        (("train", "--perceptual_network=compact"), "choose vgg19"),
        (("train", "--perceptual_network=vgg19:no.npz"), "no.npz"),
        (("train", "--batch_size=0"), "must be at least 1"),
        (("optimize", "--perceptual_network=squeezenet:a.h5"), "choose vgg19"),
        (("optimize", "--picture_size=8,8"), "--picture_size=8,8 is not"),
        (("stylize", "--picture_size=1024"), "--picture_size=1024 is not"),
        (("stylize", "--picture_size=8,800"), "at least 16 pixels"),
    ],
)
def test_a_request_that_cannot_be_compared_is_one_line(arguments, says):
    done = _run(*arguments)

    assert (done.returncode, done.stdout) == (2, "")
    assert says in done.stderr and done.stderr.count("\n") == 1


@pytest.mark.skipif(_TORCH, reason="PyTorch is installed")
def test_without_pytorch_it_says_what_to_install():
    done = _run("train")

    assert done.returncode == 2
    assert "pip install 'fast-depth-style[benchmark]'" in done.stderr


@pytest.mark.skipif(not _TORCH, reason="PyTorch is not installed")
def test_train_prints_a_table():
    done = _run(
        "train",
        *("--rounds=1", "--width=0.1", "--image_size=64", "--batch_size=1"),
    )

    assert done.returncode == 0, done.stderr
    assert "| / PyTorch float32, median |" in done.stdout
    assert "\n| TensorFlow float32 " in done.stdout
