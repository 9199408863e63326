"""Wrong values: each is one line that names what to change, and exit code 2."""

import importlib.util
import re

import pytest
from programs import run_program
from tiny_material import contents
from verbs import VERBS

_BY_NAME = {verb.name: verb for verb in VERBS}


def _refused(name, request, folder, **options):
    """What a program says about a request that it must refuse."""
    before, names = contents(folder), {path.name for path in folder.iterdir()}
    done = run_program(f"{name}.py", **request, **options)
    assert done.returncode == 2, (done.stdout, done.stderr)
    assert done.stderr.startswith(f"{name}.py: ")
    assert done.stderr.count("\n") == 1, done.stderr
    assert before.items() <= contents(folder).items()
    # Keras makes its own folder.
    assert {path.name for path in folder.iterdir()} - names <= {"keras"}
    return done.stderr


# A verb, the flag of its request that is changed, and what is said.
_WRONG = [
    ("train style=@text.png", "not a picture: give a picture"),
    ("train style=@photos", "photos: a folder, not a picture"),
    ("train style=~nobody_here/a.jpg", "--style=~nobody_here/a.jpg"),
    ("train content=@empty", "empty: no pictures in this folder"),
    ("train content=tfds:coco/1999", "tfds:coco/2014 or tfds:coco/2017"),
    ("train style_layers=relu1_1,relu7_1", "no layer 'relu7_1'"),
    ("train style_layers=relu4_1", "for block2_conv2: ask for shallower"),
    ("train preset=bold", "--preset=bold: value should be one of <balanced"),
    ("train preset=quick", "=shipped has width 1.0 and 5 blocks: give"),
    ("train depth_weight=-1", "--depth_weight=-1.0: must be at least"),
    ("train style_weight=much", "--style_weight=much is not a number"),
    ("train depth_network=hub:@none", "none cannot be loaded"),
    ("train depth_network=fast_depth:@text.png", "cannot read FastDepth"),
    ("train perceptual_network=vgg19:@no.npz", "no VGG19 weight file"),
    ("train perceptual_network=vgg16", "no perceptual network 'vgg16'"),
    ("optimize content_masks=", "--content_masks= is empty"),
    ("optimize style_masks=@none.png", "none.png: no such file"),
    ("optimize output=@made.gif", "cannot write .gif"),
    ("optimize strip_at=1,two", "--strip_at=1,two: give whole numbers"),
    ("reconstruct output=@made.gif", "cannot write .gif"),
    ("reconstruct layers=", "--layers= is empty"),
    ("evaluate style=@text.png", "--style: "),
    ("evaluate image_size=10", "--image_size=10"),
    ("evaluate depth_network=none", "--depth_network=none"),
    ("export formats=tflite_int4", "--formats=tflite_int4: choose of"),
    ("export sizes=8", "--sizes=8: must be from 16x16"),
    ("export output=@text.png", "is a file: give a folder"),
    ("stylize input=@text.png", "not a picture"),
    ("stylize output=@text.png/x.jpg", "text.png is a file"),
    ("stylize colors=both", "--colors=both: value should be one of"),
    ("stylize paint_size=huge", "--paint_size=huge: give megapixels"),
    ("request server=localhost", "not the address of a server"),
    ("request input=@text.png", "text.png: not a picture"),
    ("request output=@made.gif", "cannot write .gif"),
    ("request depth=0.5", "give --style as well"),
    ("demo steps=0", "--steps=0"),
]


@pytest.mark.parametrize("asked, says", _WRONG, ids=lambda each: each)
def test_a_wrong_value_is_one_line_and_leaves_nothing(asked, says, folder):
    name, flag, value = re.split("[ =]", asked, maxsplit=2)
    verb = _BY_NAME[name]
    if verb.extra and importlib.util.find_spec(verb.extra) is None:
        pytest.skip(f"needs {verb.extra}")

    assert says in _refused(name, verb.request(folder, **{flag: value}), folder)


@pytest.mark.parametrize(
    "name, flag, says",
    [
        ("train", "style", "missing --style=… (--help explains each flag)"),
        ("train", "content", "missing --content=… (--help explains each flag)"),
        ("evaluate", "content", "no photos: give --content=FOLDER"),
    ],
)
def test_what_is_missing_is_named(name, flag, says, folder):
    request = _BY_NAME[name].request(folder)
    del request[flag]

    assert says in _refused(name, request, folder)


@pytest.mark.parametrize(
    "kind, says",
    [("squeezenet", "SqueezeNet"), ("efficientnetb0", "EfficientNetB0")],
)
def test_a_networks_own_layers_are_the_default(folder, kind, says):
    """Layers of another network would be refused before the file."""
    request = _BY_NAME["reconstruct"].request(folder)
    del request["layers"], request["style_layers"]
    request["perceptual_network"] = f"{kind}:none.h5"

    said = _refused("reconstruct", request, folder)

    assert f"no {says} " in said and "weight file at" in said


@pytest.mark.parametrize(
    "name, changes, says",
    [
        ("train", {"perceptual_network": "vgg19"}, "vgg19:FILE.npz or"),
        (
            "reconstruct",
            {"perceptual_network": "resnet50", "layers": "conv1_relu"},
            "resnet50:FILE.h5",
        ),
    ],
)
def test_no_network_for_a_download_is_one_line(name, changes, says, folder):
    """Nobody listens behind the proxy, and nothing was downloaded before."""
    said = _refused(
        name,
        _BY_NAME[name].request(folder, **changes),
        folder,
        environment={
            "KERAS_HOME": str(folder / "keras"),
            "https_proxy": "http://127.0.0.1:9",
        },
    )

    assert said.startswith(f"{name}.py: cannot download ")
    assert f"give --perceptual_network={says}" in said
