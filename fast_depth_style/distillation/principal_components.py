"""Principal components of VGG19's features: what the student regresses."""

import dataclasses

import keras
import numpy as np
from keras import ops

from fast_depth_style.perception.compact_perceptual import COMPONENTS

LAYERS = tuple(COMPONENTS)


@dataclasses.dataclass
class Components:
    """Leading principal components of VGG19's features.

    Attributes:
        bases: {layer: (VGG19's channels, components)}, orthonormal columns.
        scales: {layer: standard deviation of the projected features}.
        kept: {layer: share of the power that the components hold}.
    """

    bases: dict[str, np.ndarray]
    scales: dict[str, float]
    kept: dict[str, float]


def principal_components(
    teacher: keras.Model, pictures: np.ndarray
) -> Components:
    """Components that keep both the features and their differences.

    The columns are the leading eigenvectors of the sum of the features'
    second moments (what Gram matrices are made of) and their covariance (what
    a content difference is made of), each in units of its own trace.

    Args:
        teacher: VGG19 that answers with `LAYERS`.
        pictures: (n, height, width, 3) float32 RGB in 0..255.

    Returns:
        The components.
    """
    values = {name: [] for name in LAYERS}
    for start in range(0, len(pictures), 8):
        for name, map_ in teacher(pictures[start : start + 8]).items():
            flat = ops.convert_to_numpy(ops.cast(map_, "float32"))
            # Every pixel of the coarse maps, a sixteenth of the finest.
            step = 4 if name == "relu1_1" else 1
            flat = flat[:, ::step, ::step].reshape(-1, flat.shape[-1])
            values[name].append(flat)
    bases, scales, kept = {}, {}, {}
    for name, parts in values.items():
        flat = np.concatenate(parts).astype(np.float64)
        moment = flat.T @ flat / len(flat)
        covariance = np.cov(flat.T, bias=True)
        both = moment / np.trace(moment) + covariance / np.trace(covariance)
        basis = np.linalg.eigh(both)[1][:, ::-1][:, : COMPONENTS[name]]
        inside = np.trace(basis.T @ covariance @ basis)
        bases[name] = basis.astype(np.float32)
        scales[name] = float(np.sqrt(inside / basis.shape[1]))
        kept[name] = float(inside / np.trace(covariance))
    return Components(bases, scales, kept)
