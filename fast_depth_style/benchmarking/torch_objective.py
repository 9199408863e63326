"""The terms of the preset `balanced`, without depth, in PyTorch."""

from collections.abc import Collection, Mapping

import torch
from torch import nn

from fast_depth_style.optimization.settings import OptimizationSettings
from fast_depth_style.training.settings import Settings


class Objective(nn.Module):
    """`fast_depth_style.training.objective`, in its relative scale."""

    def __init__(
        self,
        settings: Settings | OptimizationSettings,
        style_layers: Collection[str],
        perceptual: nn.Module,
        painting: torch.Tensor,
    ):
        """Creates the objective.

        Args:
            settings: Weights, and the layer of content.
            style_layers: Layers whose Gram matrices are compared.
            perceptual: Gives the features that they name.
            painting: (1, 3, height, width), 0..255.
        """
        super().__init__()
        self.settings = settings
        self.perceptual = perceptual
        with torch.no_grad():
            features = perceptual(painting, style_layers)
            self.targets = {
                name: _gram_matrix(features[name]) for name in style_layers
            }

    def content(self, photos: torch.Tensor) -> torch.Tensor:
        """What the content of (batch, 3, height, width), 0..255, is."""
        layer = self.settings.content_layer
        with torch.no_grad():
            return self.perceptual(photos, [layer])[layer].float()

    def forward(
        self, target: torch.Tensor, pictures: torch.Tensor
    ) -> Mapping[str, torch.Tensor]:
        """The unweighted terms.

        Args:
            target: What `content` gave for the photos.
            pictures: (batch, 3, height, width), 0..255.
        """
        layer = self.settings.content_layer
        features = self.perceptual(pictures, {layer, *self.targets})
        style = [
            (_gram_matrix(features[name]) - gram).square().sum((1, 2)).mean()
            / gram.square().sum()
            for name, gram in self.targets.items()
        ]
        error = (features[layer].float() - target).square().mean((1, 2, 3))
        power = target.square().mean((1, 2, 3))
        vertical = pictures[:, :, 1:] - pictures[:, :, :-1]
        horizontal = pictures[:, :, :, 1:] - pictures[:, :, :, :-1]
        outside = pictures - pictures.clamp(0.0, 255.0)
        tv = vertical.square().mean() + horizontal.square().mean()
        return {
            "style": sum(style) / len(style),
            "content": (error / (power + 1e-6)).mean(),
            "tv": tv / 127.5**2,
            "range": outside.square().mean() / 127.5**2,
        }

    def total(self, terms: Mapping[str, torch.Tensor]) -> torch.Tensor:
        """The weighted sum of the terms."""
        return sum(
            getattr(self.settings, f"{name}_weight") * term
            for name, term in terms.items()
        )


def _gram_matrix(features):
    # float32 as in ours, whatever the features were computed in.
    with torch.autocast("cpu", enabled=False):
        flat = features.float().flatten(2)
        return flat @ flat.transpose(1, 2) / flat[0].numel()
