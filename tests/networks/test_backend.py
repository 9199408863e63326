"""What is set up outside the program, in keras.json, changes no network."""

import json
import os
import subprocess
import sys

import numpy as np
from conformance.networks import NETWORKS

_PROGRAM = """
import numpy as np
from fast_depth_style.losses import style
from fast_depth_style.networks.image_transformation import (
    ImageTransformationNetwork,
)
from fast_depth_style.perception import registry
pictures = np.random.default_rng(0).uniform(0, 255, (1, 48, 64, 3))
pictures = pictures.astype("float32")
network = ImageTransformationNetwork(0.1, 1)
network.build()
weights = np.random.default_rng(1)
for weight in network.weights:
    weight.assign(weights.normal(0, 0.3, weight.shape))
found = [network(pictures)]
for spec, layers in {specs}.items():
    found += registry.perceptual_network(spec, layers)(pictures).values()
for spec in {depth}:
    maps, features = registry.depth_network(spec).outputs(pictures)
    found += [*maps, *features]
scaled = style.scaled_features(lambda x: {{"a": x}}, pictures, "a", 2)
found += scaled.values()
np.savez(result, *found)
"""


def test_keras_json_changes_nothing(tmp_path):
    """Neither `channels_first` nor float16, of which networks know nothing."""
    vgg19, squeezenet, application, fast_depth, fcrn = (
        NETWORKS[name].write(tmp_path)
        for name in "VGG19 SqueezeNet EfficientNetB0 FastDepth FCRN".split()
    )
    program = _PROGRAM.format(
        specs={
            "compact": ["relu3_1"],
            f"vgg19:{vgg19}": ["relu2_1"],
            f"squeezenet:{squeezenet}": ["fire2"],
            f"efficientnetb0:{application}": ["stem_activation"],
        },
        depth=["compact", f"fast_depth:{fast_depth}", f"fcrn:{fcrn}"],
    )
    exec(program, {"result": tmp_path / "plain.npz"})
    odd = {"image_data_format": "channels_first", "floatx": "float16"}
    text = json.dumps({"backend": "tensorflow", **odd})
    (tmp_path / "keras.json").write_text(text)
    start = f"result = {str(tmp_path / 'odd.npz')!r}\n"
    subprocess.run(
        [sys.executable, "-c", start + program],
        check=True,
        env={**os.environ, "KERAS_HOME": str(tmp_path)},
    )
    plain, odd = (np.load(tmp_path / f"{n}.npz") for n in ("plain", "odd"))
    assert plain.files == odd.files
    for key in plain.files:
        assert plain[key].dtype == odd[key].dtype == "float32"
        np.testing.assert_array_equal(plain[key], odd[key])
