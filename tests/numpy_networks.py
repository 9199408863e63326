"""Pretrained networks as their papers describe them, in float64 numpy.

Each makes up random weights, by the names that files have, as it goes: `write`
writes the file that the product reads.
"""

import numpy as np


class _Reference:
    """Random weights and the layers that all have."""

    def __init__(self):
        self.arrays = {}
        self._random = np.random.default_rng(0)

    def write(self, path):
        """Writes the weights as .npz."""
        self._make()
        np.savez(path, **self.arrays)
        return path

    def _make(self):
        """Makes the weights, if no picture has made them yet."""
        if not self.arrays:
            self(np.zeros((1, 32, 32, 3), "f4"))

    def weights(self, name, shape, kinds=("/kernel", "/bias"), depthwise=False):
        """Makes a kernel and a bias, once."""
        kernel, bias = (name + kind for kind in kinds)
        if kernel not in self.arrays:
            inputs = np.prod(shape[: 2 if depthwise else 3])
            draw = self._random.normal(0, np.sqrt(2 / inputs), shape)
            self.arrays[kernel] = draw.astype("f4")
            draw = self._random.uniform(0, 0.2, shape[2 if depthwise else 3])
            self.arrays[bias] = draw.astype("f4")
        return self.arrays[kernel], self.arrays[bias]

    def conv(self, x, name, size, channels, strides=1, pad=None):
        """Convolution with zeros around, and ReLU."""
        shape = (size, size, x.shape[-1], channels)
        kernel, bias = self.weights(name, shape)
        pad = size // 2 if pad is None else pad
        x = correlate(x, kernel, strides, [(pad, pad), (pad, pad)])
        return np.maximum(x + bias, 0)


def correlate(x, kernel, strides, pads, depthwise=False):
    """Correlation, position by position of the kernel; depthwise as well."""
    rows, columns = kernel.shape[:2]
    x = np.pad(x, ((0, 0), *pads, (0, 0)))
    height, width = (
        (n - k) // strides + 1
        for n, k in zip(x.shape[1:3], (rows, columns), strict=True)
    )
    total = 0.0
    for i in range(rows):
        for j in range(columns):
            part = x[:, i::strides, j::strides][:, :height, :width]
            weight = kernel[i, j].astype("f8")
            part = part * weight[:, 0] if depthwise else part @ weight
            total = total + part
    return total


def _pool(x, size, reduce=np.max):
    """Windows of `size` every other pixel that lie inside."""
    height, width = ((n - size) // 2 + 1 for n in x.shape[1:3])
    parts = [
        x[:, i : i + 2 * height - 1 : 2, j : j + 2 * width - 1 : 2]
        for i in range(size)
        for j in range(size)
    ]
    return reduce(parts, axis=0)


def _caffe(pictures):
    return pictures[..., ::-1].astype("f8") - (103.939, 116.779, 123.68)


class VGG19(_Reference):
    """The first three convolutions of VGG19."""

    def __call__(self, pictures, reduce=np.max):
        first = self.conv(_caffe(pictures), "block1_conv1", 3, 64)
        second = self.conv(first, "block1_conv2", 3, 64)
        pooled = _pool(second, 2, reduce)
        third = self.conv(pooled, "block2_conv1", 3, 128)
        return {"relu1_1": first, "relu1_2": second, "relu2_1": third}


class SqueezeNet(_Reference):
    """The first two modules of SqueezeNet 1.1."""

    def __call__(self, pictures, reduce=np.max):
        first = self.conv(_caffe(pictures), "conv1", 3, 64, 2, 0)
        x = self.conv(_pool(first, 3, reduce), "fire2/squeeze1x1", 1, 16)
        one = self.conv(x, "fire2/expand1x1", 1, 64)
        three = self.conv(x, "fire2/expand3x3", 3, 64)
        return {"conv1": first, "fire2": np.concatenate([one, three], -1)}


class FastDepth(_Reference):
    """FastDepth, pruned to six channels everywhere."""

    def __call__(self, pictures):
        x, ends = pictures.astype("f8") / 255, {}
        for index in range(38):
            if index in (29, 31, 33, 35, 37):
                x = x.repeat(2, axis=1).repeat(2, axis=2)
            if index in (31, 33, 35):
                x = x + ends[{31: 10, 33: 6, 35: 2}[index]]
            depthwise = index % 2 == 1 and index != 37
            name = f"{index:02d}_{'DEPTHWISE_' if depthwise else ''}CONV_2D"
            side = 3 if index == 0 else 1
            shape = (side, side, x.shape[-1], 1 if index == 37 else 6)
            if depthwise:
                side = 3 if index < 27 else 5
                shape = (side, side, 6, 1)
            kernel, bias = self.weights(name, shape, ("_w", "_b"), depthwise)
            if index == 37:  # Or the last ReLU leaves nothing to compare.
                kernel = self.arrays[name + "_w"] = np.abs(kernel)
            strides = 2 if index in (0, 3, 7, 11, 23) else 1
            pads = [(side // 2, side // 2)] * 2
            x = correlate(x, kernel, strides, pads, depthwise)
            x = np.clip(x + bias, 0, 6 if index <= 26 else None)
            ends[index] = x
        return x[..., 0], [ends[i] for i in (26, 28, 30, 32, 34, 36)]


class FCRN(_Reference):
    """ResNet-UpProj as published, batch normalization unfolded."""

    def __init__(self, unit=4):
        super().__init__()
        self.unit = unit
        self.table = {}

    def write(self, path):
        """Writes the pickled table, as published."""
        self._make()
        np.save(path, self.table, allow_pickle=True)
        return path

    def __call__(self, pictures):
        features, width = [], self.unit
        x = self.layer(pictures.astype("f8"), "conv1", (7, 7), width, 2)
        x = np.maximum(self.norm(x, "bn_conv1"), 0)
        # "same": one more at the end where the size is even.
        pads = [(n % 2, 1) for n in x.shape[1:3]]
        x = np.pad(x, ((0, 0), *pads, (0, 0)), constant_values=-np.inf)
        x = _pool(x, 3)
        for stage, blocks in zip("2345", (3, 4, 6, 3), strict=True):
            for block in "abcdef"[:blocks]:
                strides = 2 if block == "a" and stage != "2" else 1
                x = self.residual(x, f"{stage}{block}_branch", width, strides)
            features.append(x)
            width *= 2
        x = self.layer(x, "layer1", (1, 1), 16 * self.unit)
        x = self.norm(x, "layer1_BN")
        for up, channels in (("2x", 8), ("4x", 4), ("8x", 2), ("16x", 1)):
            x = self.up_projection(x, f"layer{up}", channels * self.unit)
            features.append(x)
        depth = np.maximum(self.layer(x, "ConvPred", (3, 3), 1), 0)
        return depth[..., 0], features

    def residual(self, x, key, width, strides):
        shortcut = x
        if key[1] == "a":
            shortcut = self.step(x, f"{key}1", 1, 4 * width, strides)
        y = np.maximum(self.step(x, f"{key}2a", 1, width, strides), 0)
        y = np.maximum(self.step(y, f"{key}2b", 3, width), 0)
        return np.maximum(shortcut + self.step(y, f"{key}2c", 1, 4 * width), 0)

    def step(self, x, key, side, channels, strides=1):
        x = self.layer(x, f"res{key}", (side, side), channels, strides)
        return self.norm(x, f"bn{key}")

    def up_projection(self, x, key, channels):
        one = np.maximum(self.interleaved(x, f"{key}_br1", channels), 0)
        one = self.layer(one, f"{key}_Conv", (3, 3), channels)
        one = self.norm(one, f"{key}_BN")
        two = self.interleaved(x, f"{key}_br2", channels)
        return np.maximum(one + two, 0)

    def interleaved(self, x, key, channels):
        batch, height, width, _ = x.shape
        y = np.empty((batch, 2 * height, 2 * width, channels))
        sizes = {"A": (3, 3), "B": (2, 3), "C": (3, 2), "D": (2, 2)}
        for part, size in sizes.items():
            z = self.layer(x, f"{key}_Conv{part}", size, channels)
            y[:, 3 - size[0] :: 2, 3 - size[1] :: 2] = z
        return self.norm(y, f"{key}_BN")

    def layer(self, x, key, size, channels, strides=1):
        shape = (*size, x.shape[-1], channels)
        kernel, bias = self.weights(key, shape)
        if key == "ConvPred":  # Or the last ReLU leaves nothing to compare.
            kernel = np.abs(kernel)
        self.table[key] = {"weights": kernel}
        # What a 3x3 window lacks of 2x3 is its last row, ….
        pads = [(n // 2, (n - 1) // 2) for n in size]
        x = correlate(x, kernel, strides, pads)
        if key.startswith("res"):
            return x
        self.table[key]["biases"] = bias
        return x + bias

    def norm(self, x, key):
        ranges = {
            "mean": (-0.5, 0.5),
            "variance": (0.5, 1.5),
            "scale": (0.5, 1.0),
            "offset": (-0.2, 0.2),
        }
        part = self.table.setdefault(key, {})
        for kind, bounds in ranges.items():
            draw = self._random.uniform(*bounds, x.shape[-1]).astype("f4")
            part.setdefault(kind, draw)
        x = (x - part["mean"]) / np.sqrt(part["variance"] + 1e-4)
        return x * part["scale"] + part["offset"]
