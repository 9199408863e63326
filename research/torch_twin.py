"""The networks and the objective in PyTorch, to compare with.

Written as PyTorch programs are: channels first, PyTorch's own layers.
"""

from collections.abc import Callable, Collection, Mapping

import numpy as np
import torch
from torch import nn
from torch.nn import functional

from fast_depth_style.networks import MARGIN
from fast_depth_style.training.settings import TrainingSettings

_MEAN_BGR = (103.939, 116.779, 123.68)


class ImageTransformationNetwork(nn.Module):
    """The network of `fast_depth_style.networks.image_transformation`.

    In its first style, dials at 0.
    """

    def __init__(self, weights: Mapping[str, np.ndarray]):
        """Creates the network from the other's `named_weights`."""
        super().__init__()
        blocks = sum(name.endswith("a/kernel") for name in weights)
        vector, start = weights["table"][0, 0], 0

        def layer(name, stride=1, border="reflect"):
            # Called in the order of the style vector.
            nonlocal start
            channels = len(weights[f"{name}/bias"])
            norm = nn.InstanceNorm2d(channels, affine=True)
            for parameter in (norm.weight, norm.bias):
                _set(parameter, vector[start : start + channels])
                start += channels
            return [_convolution(weights, name, border, stride), norm]

        relu = nn.ReLU(inplace=True)
        twice = nn.Upsample(scale_factor=2, mode="bilinear")
        self.down = nn.Sequential(
            *layer("down0"), relu, *layer("down1", 2), relu
        ).extend([*layer("down2", 2), relu])
        self.blocks = nn.ModuleList(
            nn.Sequential(*layer(f"block{i}a"), relu, *layer(f"block{i}b"))
            for i in range(blocks)
        )
        # Beyond the border of the doubled features, their own edge again.
        self.up = nn.Sequential(twice, *layer("up1", border="replicate"))
        self.up.extend([relu, twice, *layer("up0", border="replicate"), relu])
        self.up.append(_convolution(weights, "paint", "reflect"))

    def forward(self, pictures: torch.Tensor) -> torch.Tensor:
        """Stylizes (batch, 3, height, width), 0..255, to about 0..255.

        Sides are longer than the margin and what is missing to a multiple of
        4: PyTorch reflects once.
        """
        height, width = pictures.shape[2:]
        right, below = MARGIN + -width % 4, MARGIN + -height % 4
        pad = MARGIN, right, MARGIN, below
        x = self.stylize_crop(functional.pad(pictures, pad, "reflect"))
        return x[:, :, MARGIN : MARGIN + height, MARGIN : MARGIN + width]

    def stylize_crop(self, crops: torch.Tensor) -> torch.Tensor:
        """What `forward` does, without extending them first: for training.

        Height and width are multiples of 4.
        """
        x = self.down(crops / 127.5 - 1.0)
        for block in self.blocks:
            x = x + block(x)
        return self.up(x).float() * 50.0 + 127.5

    def stylize_bytes(self, pictures: torch.Tensor) -> torch.Tensor:
        """As the SavedModel: (batch, height, width, 3) uint8."""
        x = self(pictures.permute(0, 3, 1, 2).float())
        return x.clamp(0.0, 255.0).round().to(torch.uint8).permute(0, 2, 3, 1)


class VGG19(nn.Module):
    """The network of `fast_depth_style.perception.imagenet`, frozen."""

    def __init__(self, weights: Mapping[str, np.ndarray]):
        """Creates the network from {"block1_conv1/kernel": array, …}."""
        super().__init__()
        names = [n.removesuffix("/kernel") for n in weights if "kernel" in n]
        self.convolutions = nn.ModuleDict(
            {f"relu{n[5]}_{n[11]}": _convolution(weights, n) for n in names}
        )
        self.mean = torch.tensor(_MEAN_BGR).reshape(1, 3, 1, 1)
        self.requires_grad_(False)

    def forward(
        self, pictures: torch.Tensor, layers: Collection[str]
    ) -> dict[str, torch.Tensor]:
        """{layer: features}, computed no deeper than asked for."""
        x = pictures.flip(1) - self.mean
        found: dict[str, torch.Tensor] = {}
        for name, convolution in self.convolutions.items():
            if name.endswith("_1") and name != "relu1_1":
                x = functional.max_pool2d(x, 2)
            x = functional.relu(convolution(x))
            if name in layers:
                found[name] = x
            if len(found) == len(layers):
                break
        return found


def _convolution(weights, name, padding_mode="zeros", stride=1):
    kernel = np.transpose(weights[f"{name}/kernel"], (3, 2, 0, 1))
    outputs, inputs, size, _ = kernel.shape
    convolution = nn.Conv2d(
        inputs, outputs, size, stride, size // 2, padding_mode=padding_mode
    )
    _set(convolution.weight, kernel)
    _set(convolution.bias, weights[f"{name}/bias"])
    return convolution


def _set(parameter, values):
    with torch.no_grad():
        parameter.copy_(torch.from_numpy(np.ascontiguousarray(values)))


class Objective:
    """`fast_depth_style.objective`, as far as `benchmark` compares it.

    Content at scale 0, style of the whole picture.
    """

    def __init__(
        self,
        settings: TrainingSettings,
        perceptual: Callable[..., dict[str, torch.Tensor]],
        painting: torch.Tensor,
    ):
        """Creates the objective; `painting` is (1, 3, height, width)."""
        self._settings = settings
        self._perceptual = perceptual
        self._styles = settings.resolved_style_layers()
        self._content = settings.resolved_content_layer()
        scales = range(settings.style_scales)
        with torch.no_grad():
            self._targets = self._grams(
                perceptual(_halved(painting, scale), self._styles)
                for scale in scales
            )

    def terms(
        self, pictures: torch.Tensor, photos: torch.Tensor
    ) -> dict[str, torch.Tensor]:
        """The unweighted terms of (batch, 3, height, width) in 0..255."""
        layers = {*self._styles, self._content}
        features = [
            self._perceptual(_halved(pictures, scale), layers)
            for scale in range(self._settings.style_scales)
        ]
        with torch.no_grad():
            target = self._perceptual(photos, [self._content])
            target = target[self._content].float()
        style = [
            (gram - goal).square().sum((1, 2)).mean() / goal.square().sum()
            for gram, goal in zip(
                self._grams(features), self._targets, strict=True
            )
        ]
        error = (features[0][self._content].float() - target).square().mean(1)
        power = target.square().mean(1)
        content = (power * error).mean((1, 2)) / power.square().mean((1, 2))
        tv = sum(pictures.diff(dim=dim).square().mean() for dim in (2, 3))
        outside = pictures - pictures.clamp(0.0, 255.0)
        return {
            "style": sum(style) / len(style),
            "content": content.mean(),
            "tv": tv / 127.5**2,
            "range": outside.square().mean() / 127.5**2,
        }

    def total(self, terms: Mapping[str, torch.Tensor]) -> torch.Tensor:
        """The weighted sum of the terms."""
        return sum(
            getattr(self._settings, f"{name}_weight") * term
            for name, term in terms.items()
        )

    def _grams(self, features):
        """Of the features of each scale, {layer: features}, every layer's."""
        return [
            _gram_matrix(found[name])
            for found in features
            for name in self._styles
        ]


def _halved(pictures, times):
    for _ in range(times):
        pictures = functional.avg_pool2d(pictures, 2)
    return pictures


def _gram_matrix(features):
    # float32 as in ours, whatever the features were computed in.
    with torch.autocast("cpu", enabled=False):
        flat = features.float().flatten(2)
        return flat @ flat.transpose(1, 2) / flat[0].numel()
