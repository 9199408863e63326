"""VGG19 features (Simonyan, Zisserman 2014) up to a named layer."""

import pathlib
import socket
import zipfile

import h5py
import keras
import numpy as np
from keras import ops

from fast_depth_style.requests import RequestError

_CONVS_PER_BLOCK = (2, 2, 4, 4, 4)
_CHANNELS = (64, 128, 256, 512, 512)
_MEAN_BGR = (103.939, 116.779, 123.68)
_STALLED_SECONDS = 30

LAYERS = tuple(
    f"relu{block}_{conv}"
    for block, convs in enumerate(_CONVS_PER_BLOCK, 1)
    for conv in range(1, convs + 1)
)
"""Every layer whose features can be asked for, shallowest first."""

POOLINGS = ("max", "average")
"""How features are halved from block to block."""


class VGG19(keras.Model):
    """Frozen VGG19 that computes no deeper than the deepest layer asked for.

    Attributes:
        layer_names: The layers it returns, shallowest first.
    """

    def __init__(
        self,
        layers,
        weights: str = "imagenet",
        pooling: str = "max",
        **kwargs,
    ):
        """Loads the network.

        Args:
            layers: Names out of `LAYERS`.
            weights: "imagenet" (from Keras Applications, downloaded on first
                use) or a file: `.npz` with keys `block1_conv1/kernel`,
                `block1_conv1/bias`, … or `.h5` as Keras ships it.
            pooling: "max", as it was trained, or "average", which gives
                smoother gradients (Gatys, Ecker, Bethge 2015, section 4).
            **kwargs: Passed on to `keras.Model`.

        Raises:
            RequestError: Unknown layer or pooling; weights that cannot be
                read, or lack a layer that is needed.
        """
        super().__init__(trainable=False, autocast=False, **kwargs)
        unknown = sorted(set(layers) - set(LAYERS))
        if unknown:
            raise RequestError(
                f"VGG19 has no layer {unknown[0]!r}: it has {', '.join(LAYERS)}"
            )
        if pooling not in POOLINGS:
            raise RequestError(
                f"no pooling {pooling!r}: choose {' or '.join(POOLINGS)}"
            )
        self._pool = ops.max_pool if pooling == "max" else ops.average_pool
        depth = max(LAYERS.index(name) for name in layers) + 1
        self.layer_names = tuple(n for n in LAYERS[:depth] if n in layers)
        arrays = _read(weights, [_file_name(n) for n in LAYERS[:depth]])
        self._convs = []
        channels = 3
        for name in LAYERS[:depth]:
            kernel, bias = arrays[_file_name(name)]
            shape = (3, 3, channels, _CHANNELS[_block(name) - 1])
            if kernel.shape != shape or bias.shape != shape[-1:]:
                raise RequestError(
                    f"{weights}: {_file_name(name)} has shape {kernel.shape},"
                    f" VGG19 has {shape}; give a VGG19 weight file"
                )
            channels = shape[-1]
            self._convs.append(
                [
                    self.add_weight(
                        shape=a.shape,
                        initializer=keras.initializers.Constant(a),
                        trainable=False,
                        name=f"{name}_{kind}",
                    )
                    for a, kind in ((kernel, "kernel"), (bias, "bias"))
                ]
            )
        self.built = True

    def call(self, pictures):
        """Computes features.

        Args:
            pictures: (batch, height, width, 3) float32 RGB in 0..255.

        Returns:
            {layer name: (batch, h, w, channels) in the compute dtype}.
        """
        x = ops.flip(pictures, -1) - ops.array(_MEAN_BGR, "float32")
        x = ops.cast(x, self.compute_dtype)
        found = {}
        for name, (kernel, bias) in zip(LAYERS, self._convs, strict=False):
            if name.endswith("_1") and _block(name) > 1:
                x = self._pool(x, 2, 2)
            x = ops.conv(x, ops.cast(kernel, x.dtype), padding="same")
            x = ops.relu(x + ops.cast(bias, x.dtype))
            if name in self.layer_names:
                found[name] = x
        return found


def _block(name):
    return int(name[4])


def _file_name(name):
    return f"block{name[4]}_conv{name[6]}"


def _read(weights, names):
    """Returns {file name: (kernel, bias)} from a file or the download."""
    if weights == "imagenet":
        return _download(names)
    path = pathlib.Path(weights)
    if not path.is_file():
        raise RequestError(f"no VGG19 weight file at {path}")
    read = {".npz": _read_npz, ".h5": _read_h5, ".hdf5": _read_h5}
    if path.suffix not in read:
        raise RequestError(f"{path}: VGG19 weights are an .npz or .h5 file")
    try:
        arrays = read[path.suffix](path, names)
    except (OSError, ValueError, EOFError, zipfile.BadZipFile) as error:
        raise RequestError(
            f"cannot read VGG19 weights from {path}: {error}"
        ) from error
    missing = [n for n in names if n not in arrays]
    if missing:
        raise RequestError(
            f"{path} has no weights for {missing[0]}; ask for shallower"
            " layers or give a deeper weight file"
        )
    return arrays


def _read_npz(path, names):
    file = np.load(path)
    if isinstance(file, np.ndarray):
        raise ValueError("it is a single array, not an archive of named ones")
    with file:
        return {
            n: (file[f"{n}/kernel"], file[f"{n}/bias"])
            for n in names
            if {f"{n}/kernel", f"{n}/bias"} <= {*file.files}
        }


def _read_h5(path, names):
    arrays = {}
    with h5py.File(path) as file:
        for name in (n for n in names if n in file):
            found = []
            file[name].visititems(
                lambda _, item, found=found: (
                    found.append(item[()])
                    if isinstance(item, h5py.Dataset)
                    else None
                )
            )
            # Kernel before bias, by rank: their names differ between versions.
            found.sort(key=np.ndim, reverse=True)
            if len(found) == 2:
                arrays[name] = tuple(found)
    return arrays


def _download(names):
    before = socket.getdefaulttimeout()
    socket.setdefaulttimeout(_STALLED_SECONDS)
    try:
        model = keras.applications.VGG19(include_top=False, weights="imagenet")
    # Keras raises a bare Exception when the download fails.
    except Exception as error:
        raise RequestError(
            "cannot download VGG19's ImageNet weights: connect once, or give"
            " --perceptual_network=vgg19:FILE.npz or compact"
            f" ({' '.join(str(error).split())})"
        ) from error
    finally:
        socket.setdefaulttimeout(before)
    return {n: tuple(model.get_layer(n).get_weights()) for n in names}
