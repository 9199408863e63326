"""Everything that defines a sheet of reconstructions. Imports nothing heavy."""

import dataclasses

from fast_depth_style.optimization.settings import OptimizationSettings
from fast_depth_style.perception.layer_names import default_layers
from fast_depth_style.requests import RequestError, fill_in

_D = OptimizationSettings


@dataclasses.dataclass(frozen=True)
class ReconstructionSettings:
    """What is reconstructed, in which network, from which layers.

    Attributes:
        picture: File of the picture whose content is reconstructed, or empty.
        style: File of the painting whose style is reconstructed, or empty.
        perceptual_network: Where both are felt, as in training.
        pooling: max or average, in VGG19.
        layers: Layers from each of which content is reconstructed; given None,
            the network's.
        style_layers: Layers of which the first, the first two, … give a
            reconstruction of style; given None, the network's.
        iterations: Steps of the optimizer for each reconstruction; may be
            raised later.
        size: Long side of the pictures, in pixels.
        seed: Of the noise.
    """

    picture: str = ""
    style: str = ""
    perceptual_network: str = _D.perceptual_network
    pooling: str = _D.pooling
    layers: tuple[str, ...] | None = None
    style_layers: tuple[str, ...] | None = None
    iterations: int = 200
    size: int = 256
    seed: int = _D.seed

    def __post_init__(self):
        """Takes the network's layers, checks what needs no file.

        Raises:
            RequestError: Nothing is to be reconstructed, or a value is out of
                range.
        """
        layers = default_layers(self.perceptual_network)
        fill_in(
            self,
            layers=layers.reconstructed_content,
            style_layers=layers.reconstructed_style,
        )
        if not (self.picture or self.style):
            raise RequestError(
                "nothing to reconstruct: give a --picture, a --style or both"
            )
        for name, file in (
            ("layers", self.picture),
            ("style_layers", self.style),
        ):
            if file and not getattr(self, name):
                raise RequestError(f"--{name}= names no layer: name one")
        self.reconstructions()

    def reconstructions(self) -> dict[str, OptimizationSettings]:
        """{name, fit for a file: what is optimized}, in the sheet's order.

        Each starts from noise and has one term: content at one layer or style
        at the first few, besides the penalty for colours that cannot be shown.

        Raises:
            RequestError: A value is out of range.
        """
        found = {}
        if self.picture:
            for layer in self.layers:
                found[f"content_{layer}"] = self._only(
                    self.picture, (layer,), layer, content_weight=1.0
                )
        if self.style:
            for count, layer in enumerate(self.style_layers, 1):
                layers = self.style_layers[:count]
                found[f"style_to_{layer}"] = self._only(
                    self.style, layers, layer, style_weight=1.0
                )
        return found

    def _only(self, file, layers, content_layer, **weight):
        weights = {"content_weight": 0.0, "style_weight": 0.0} | weight
        return OptimizationSettings(
            content=file,
            style=(file,),
            init="noise",
            iterations=self.iterations,
            size=self.size,
            scales=1,
            perceptual_network=self.perceptual_network,
            pooling=self.pooling,
            layers=layers,
            content_layer=content_layer,
            depth_network="none",
            tv_weight=0.0,
            strip_at=(),
            seed=self.seed,
            **weights,
        )
