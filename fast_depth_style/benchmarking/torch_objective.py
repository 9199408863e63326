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
        style_scales: int = 1,
    ):
        """Creates the objective.

        Args:
            settings: Weights, and the layer of content.
            style_layers: Layers whose Gram matrices are compared.
            perceptual: Gives the features that they name.
            painting: (1, 3, height, width), 0..255.
            style_scales: At how many scales, each half the one before.
        """
        super().__init__()
        self.settings = settings
        self.style_layers = style_layers
        self.style_scales = style_scales
        self.perceptual = perceptual
        with torch.no_grad():
            features = perceptual(painting, style_layers)
            self.targets = self._grams(painting, features)

    def content(self, photos: torch.Tensor) -> torch.Tensor:
        """What the content of (batch, 3, height, width), 0..255, is."""
        layer = self.settings.content_layer
        with torch.no_grad():
            return self.perceptual(photos, [layer])[layer].float()

    def forward(
        self,
        target: torch.Tensor,
        pictures: torch.Tensor,
        photos: torch.Tensor | None = None,
    ) -> Mapping[str, torch.Tensor]:
        """The unweighted terms.

        Args:
            target: What `content` gave for the photos.
            pictures: (batch, 3, height, width), 0..255.
            photos: What a network made them from, of the same shape; given,
                the faults that only networks have are terms as well.
        """
        layer = self.settings.content_layer
        features = self.perceptual(pictures, {layer, *self.style_layers})
        grams = self._grams(pictures, features)
        style = [
            (gram - goal).square().sum((1, 2)).mean() / goal.square().sum()
            for gram, goal in zip(grams, self.targets, strict=True)
        ]
        error = (features[layer].float() - target).square().mean((1, 2, 3))
        power = target.square().mean((1, 2, 3))
        vertical = pictures[:, :, 1:] - pictures[:, :, :-1]
        horizontal = pictures[:, :, :, 1:] - pictures[:, :, :, :-1]
        outside = pictures - pictures.clamp(0.0, 255.0)
        tv = vertical.square().mean() + horizontal.square().mean()
        terms = {
            "style": sum(style) / len(style),
            "content": (error / (power + 1e-6)).mean(),
            "tv": tv / 127.5**2,
            "range": outside.square().mean() / 127.5**2,
        }
        if photos is not None:
            terms["lattice"] = _lattice(pictures) / 127.5**2
            terms["border"] = _border(pictures, photos) / 127.5**2
        return terms

    def total(self, terms: Mapping[str, torch.Tensor]) -> torch.Tensor:
        """The weighted sum of the terms."""
        return sum(
            getattr(self.settings, f"{name}_weight") * term
            for name, term in terms.items()
        )

    def _grams(self, pictures, features):
        """Of every scale and layer; `features` are the first scale's."""
        grams = []
        for scale in range(self.style_scales):
            if scale:
                pictures = nn.functional.avg_pool2d(pictures, 2)
                features = self.perceptual(pictures, self.style_layers)
            grams += [
                _gram_matrix(features[name]) for name in self.style_layers
            ]
        return grams


def _lattice(pictures):
    """`fast_depth_style.losses.pixels.lattice`."""
    rows, columns = (n // 24 for n in pictures.shape[2:])
    x = pictures[:, :, : rows * 24, : columns * 24]
    x = x.unflatten(3, (columns, 6, 4)).unflatten(2, (rows, 6, 4))
    return x.mean((3, 6)).var((3, 5), unbiased=False).mean()


def _border(pictures, photos):
    """`fast_depth_style.losses.pixels.border`."""
    powers = []
    for across in (False, True):
        for backwards in (False, True):
            ours, theirs = pictures, photos
            if across:
                ours, theirs = ours.mT, theirs.mT
            if backwards:
                ours, theirs = ours.flip(2), theirs.flip(2)
            middle = ours.shape[3] // 2
            powers.append(_root_power(_band(ours - theirs, 3)).square().mean())
            for rows in (6, 12):
                roots = []
                for half in (slice(middle), slice(middle, None)):
                    band = _band(ours[..., half], rows)
                    photo = _band(theirs[..., half], rows)
                    twice = 2.0 * photo.clamp(max=0), 2.0 * photo.clamp(min=0)
                    roots.append(_root_power(band - band.clamp(*twice)))
                powers.append((roots[0] * roots[1]).relu().mean())
    return sum(powers) / 4


def _band(pictures, rows):
    lines = pictures.mean(3)
    return lines[:, :, :rows].mean(2) - lines[:, :, rows : 2 * rows].mean(2)


def _root_power(band):
    root = (8.0 * (2.0 * band.abs().clamp(min=8.0) - 8.0)).sqrt()
    return band.clamp(-8.0, 8.0) * root / 8.0


def _gram_matrix(features):
    # float32 as in ours, whatever the features were computed in.
    with torch.autocast("cpu", enabled=False):
        flat = features.float().flatten(2)
        return flat @ flat.transpose(1, 2) / flat[0].numel()
