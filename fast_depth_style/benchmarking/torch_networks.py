"""The networks in PyTorch, written the way PyTorch programs write them.

Channels come first and the layers are torch's own, so that a comparison is
with what a PyTorch user would get, not with a translation of our code.
"""

from collections.abc import Collection, Mapping

import numpy as np
import torch
from torch import nn
from torch.nn import functional

_STRIDE = 4
_MEAN_BGR = (103.939, 116.779, 123.68)


class Transformer(nn.Module):
    """The network of `fast_depth_style.networks.transformer`."""

    def __init__(self, weights: Mapping[str, np.ndarray]):
        """Creates the network.

        Args:
            weights: {"LAYER/kernel": (k, k, in, out), "LAYER/bias": (out,),
                "LAYER/scale": (out,), "LAYER/shift": (out,)} with LAYER as
                the Keras network names its convolutions.
        """
        super().__init__()
        blocks = sum(
            name.startswith("block") and name.endswith("a/kernel")
            for name in weights
        )
        self.down = nn.Sequential(
            *_layer(weights, "down0"),
            nn.ReLU(inplace=True),
            *_layer(weights, "down1", stride=2),
            nn.ReLU(inplace=True),
            *_layer(weights, "down2", stride=2),
            nn.ReLU(inplace=True),
        )
        self.blocks = nn.ModuleList(
            nn.Sequential(
                *_layer(weights, f"block{i}a"),
                nn.ReLU(inplace=True),
                *_layer(weights, f"block{i}b"),
            )
            for i in range(blocks)
        )
        self.up = nn.Sequential(
            nn.Upsample(scale_factor=2, mode="nearest"),
            *_layer(weights, "up1"),
            nn.ReLU(inplace=True),
            nn.Upsample(scale_factor=2, mode="nearest"),
            *_layer(weights, "up0"),
            nn.ReLU(inplace=True),
            _convolution(weights, "paint"),
        )

    def forward(self, pictures: torch.Tensor) -> torch.Tensor:
        """Stylizes (batch, 3, height, width), 0..255, to about 0..255."""
        height, width = pictures.shape[2:]
        x = functional.pad(
            pictures, (0, -width % _STRIDE, 0, -height % _STRIDE), "reflect"
        )
        x = self.down(x / 127.5 - 1.0)
        for block in self.blocks:
            x = x + block(x)
        x = self.up(x).float() * 50.0 + 127.5
        return x[:, :, :height, :width]


class ByteTransformer(nn.Module):
    """The same from and to bytes, as the SavedModel takes and gives them."""

    def __init__(self, network: Transformer):
        """Wraps a network."""
        super().__init__()
        self.network = network

    def forward(self, pictures: torch.Tensor) -> torch.Tensor:
        """Stylizes (batch, height, width, 3) uint8 RGB."""
        x = self.network(pictures.permute(0, 3, 1, 2).float())
        x = x.clamp(0.0, 255.0).round().to(torch.uint8)
        return x.permute(0, 2, 3, 1)


class VGG19(nn.Module):
    """The network of `fast_depth_style.perception.vgg19`, frozen."""

    def __init__(self, weights: Mapping[str, np.ndarray]):
        """Creates the network, as deep as there are weights.

        Args:
            weights: {"block1_conv1/kernel": (3, 3, 3, 64), …}, "/bias" too.
        """
        super().__init__()
        kernels = sorted(n for n in weights if n.endswith("/kernel"))
        self.convolutions = nn.ModuleDict(
            {
                f"relu{name[5]}_{name[11]}": _convolution(
                    weights, name.removesuffix("/kernel"), "zeros"
                )
                for name in kernels
            }
        )
        mean = torch.tensor(_MEAN_BGR).reshape(1, 3, 1, 1)
        self.register_buffer("mean", mean)
        self.requires_grad_(False)

    def forward(
        self, pictures: torch.Tensor, layers: Collection[str]
    ) -> dict[str, torch.Tensor]:
        """Computes features, no deeper than asked for.

        Args:
            pictures: (batch, 3, height, width), 0..255.
            layers: Such as "relu3_1".

        Returns:
            {layer: (batch, channels, h, w)}.
        """
        x = pictures.flip(1) - self.mean
        found = {}
        for name, convolution in self.convolutions.items():
            if name.endswith("_1") and name != "relu1_1":
                x = functional.max_pool2d(x, 2)
            x = functional.relu(convolution(x))
            if name in layers:
                found[name] = x
                if len(found) == len(layers):
                    break
        return found


def _layer(weights, name, stride=1):
    norm = nn.InstanceNorm2d(len(weights[f"{name}/scale"]), affine=True)
    _set(norm.weight, weights[f"{name}/scale"])
    _set(norm.bias, weights[f"{name}/shift"])
    return [_convolution(weights, name, "reflect", stride), norm]


def _convolution(weights, name, padding_mode="reflect", stride=1):
    kernel = np.transpose(weights[f"{name}/kernel"], (3, 2, 0, 1))
    outputs, inputs, size, _ = kernel.shape
    convolution = nn.Conv2d(
        inputs,
        outputs,
        size,
        stride,
        padding=size // 2,
        padding_mode=padding_mode,
    )
    _set(convolution.weight, kernel)
    _set(convolution.bias, weights[f"{name}/bias"])
    return convolution


def _set(parameter, values):
    with torch.no_grad():
        parameter.copy_(torch.from_numpy(np.ascontiguousarray(values)))
