"""The published weights, where the assets folder has them."""

import h5py
import keras
import numpy as np
import numpy_networks
import tensorflow as tf
from gradients import assert_close
from PIL import Image

from fast_depth_style.perception.fast_depth import FastDepth
from fast_depth_style.perception.imagenet import (
    SQUEEZENET_LAYERS,
    VGG19,
    SqueezeNet,
)

_VGG19 = "weights/vgg19_imagenet_block1_conv1_to_block3_conv4.npz"
_SQUEEZENET = "weights/squeezenet_v1.1_imagenet_notop.h5"


def _picture(height, width):
    draw = np.random.default_rng(0).uniform(0, 255, (1, height, width, 3))
    return draw.astype("float32")


def test_vgg19_is_that_of_keras_applications(assets):
    names = {"block1_conv1": "relu1_1", "block3_conv4": "relu3_4"}
    theirs = keras.applications.VGG19(include_top=False, weights=None)
    with np.load(assets / _VGG19) as file:
        for layer in theirs.layers:
            if f"{layer.name}/kernel" in file:
                kinds = ("kernel", "bias")
                layer.set_weights([file[f"{layer.name}/{k}"] for k in kinds])
    picture = _picture(64, 48)

    features = VGG19(names.values(), assets / _VGG19)(picture)

    prepared = keras.applications.vgg19.preprocess_input(picture.copy())
    for layer, name in names.items():
        output = theirs.get_layer(layer).output
        assert_close(
            features[name], keras.Model(theirs.input, output)(prepared)
        )


def test_squeezenet_uses_every_weight_of_its_file(assets):
    network = SqueezeNet(SQUEEZENET_LAYERS, assets / _SQUEEZENET)

    # Iandola et al. say 1,235,496 with the classifier's 513,000.
    assert network.count_params() == 722_496
    reference = numpy_networks.SqueezeNet()

    def read(path, item):
        """Of conv1/conv1_3/bias:0, fire2/squeeze1x1/fire2/…_3/bias:0, …."""
        if isinstance(item, h5py.Dataset):
            parts = path.split("/")
            parts = parts[: len(parts) // 2]
            kind = "kernel" if item.ndim == 4 else "bias"
            reference.arrays["/".join([*parts, kind])] = item[()]

    with h5py.File(assets / _SQUEEZENET) as file:
        file.visititems(read)
    assert sum(array.size for array in reference.arrays.values()) == 722_496

    picture = _picture(63, 95)
    found = network(picture)
    for name, expected in reference(picture).items():
        assert_close(found[name], expected)
    assert [tuple(found[n].shape[1:]) for n in ("fire4", "fire9")] == [
        (7, 11, 256),
        (3, 5, 512),
    ]


def test_fast_depth_is_the_hub_module(assets):
    files = sorted((assets / "rgbd" / "nyu_v2" / "rgb").iterdir())[::400]
    rooms = [Image.open(f).convert("RGB").resize((224, 224)) for f in files]
    rooms = np.stack([np.asarray(p, "float32") for p in rooms])
    module = tf.saved_model.load(assets / "hub" / "fast_depth_nyu_nhwc_224")
    expected = module.signatures["serving_default"](
        images=tf.constant(rooms / 255)
    )["depth"]

    network = FastDepth(assets / "weights" / "fast_depth_nyu_224_float32.npz")
    [depth], features = network.outputs(rooms)

    np.testing.assert_allclose(depth, expected, atol=1e-4)
    assert [tuple(feature.shape[1:]) for feature in features] == [
        (7, 7, 512),
        (7, 7, 200),
        (14, 14, 256),
        (28, 28, 120),
        (56, 56, 56),
        (112, 112, 16),
    ]
