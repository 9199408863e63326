"""Depth from a TF-Hub module, downloaded or in a folder."""

import pathlib
import warnings
from typing import Any

import keras
from keras import ops

from fast_depth_style import files
from fast_depth_style.errors import RequestError, one_line
from fast_depth_style.perception.depth_estimator import DepthEstimator
from fast_depth_style.perception.frozen_network import resize_bilinear
from fast_depth_style.perception.weight_files import download_failures_named

MIDAS_HANDLE = (
    "https://www.kaggle.com/models/intel/midas/TensorFlow1/v2-1-small/1"
)


class HubDepth(DepthEstimator):
    """A TF-Hub module with one picture input and a depth output.

    The module's `serving_default` signature takes float RGB in 0..1, as
    (batch, height, width, 3) or (batch, 3, height, width); its batch may be
    fixed at one. Two conventions are known by the name of the output:
    "depth" is metres; any other name ("default" of MiDaS, Ranftl et al. 2020,
    arXiv:1907.01341) is inverse depth up to a scale and a shift.

    Needs the TensorFlow backend of Keras. Do not compile it under XLA on a
    CPU: modules with frozen constants take minutes.
    """

    def __init__(self, handle: str = MIDAS_HANDLE):
        """Loads the module of a URL, or of a folder with a SavedModel.

        Raises:
            RequestError: The module cannot be loaded, or has no signature
                that takes pictures and gives depth.
        """
        super().__init__(name="hub_depth")
        module = _load(handle)
        signature, key, spec, output = _interface(handle, module)
        self._channels_first = spec.shape[1] == 3
        first = 2 if self._channels_first else 1
        sides = tuple(spec.shape[first : first + 2])
        self._size = sides if None not in sides else None
        self._one_by_one = spec.shape[0] == 1

        def estimate(x):
            # An attribute would put the module into every checkpoint.
            assert module is not None
            return signature(**{key: ops.cast(x, spec.dtype.name)})[output]

        self._estimate = estimate
        self.is_metric = output == "depth"
        self.quantity = "depth" if self.is_metric else "inverse_depth"

    def outputs(self, pictures: Any) -> tuple[list[Any], list[Any]]:
        """The (batch, h, w) float32 map, h and w the module's; no features.

        The batch must be static if the module takes one picture at a time.
        """
        if self._size is not None:
            pictures = resize_bilinear(pictures, self._size)
        x = pictures / 255.0
        if self._channels_first:
            x = ops.transpose(x, (0, 3, 1, 2))
        if self._one_by_one:
            if x.shape[0] is None:
                raise ValueError(f"{self.name}: the batch must be static")
            # An unrolled loop: tf.map_fn fails in the gradient.
            maps = [self._estimate(x[i : i + 1]) for i in range(x.shape[0])]
            depth = ops.concatenate(maps, axis=0)
        else:
            depth = self._estimate(x)
        if len(depth.shape) == 4:
            depth = ops.squeeze(depth, 1 if depth.shape[1] == 1 else 3)
        return [ops.cast(depth, "float32")], []


def _load(handle: str) -> Any:
    if keras.backend.backend() != "tensorflow":
        raise RequestError(
            "a TF-Hub depth network needs KERAS_BACKEND=tensorflow: set it, "
            "or choose another depth network"
        )
    with warnings.catch_warnings():
        # It warns about its own use of pkg_resources.
        warnings.simplefilter("ignore", UserWarning)
        import tensorflow_hub as hub

    folder = handle
    if "://" in handle:
        with download_failures_named(
            f"the depth module {handle}", "the folder of a SavedModel"
        ):
            folder = hub.resolve(handle)
    try:
        return hub.load(folder, tags=["serve"])
    # It raises seven kinds, by what is missing or damaged.
    except Exception as error:
        reason = one_line(error)[:200]
        if any(map(files.is_lfs_pointer, pathlib.Path(folder).rglob("*"))):
            reason = "it holds git-LFS pointers: run `git lfs pull`"
        advice = "give the folder of a SavedModel"
        if folder != handle:
            advice = f"delete {folder}, it is then downloaded again"
        raise RequestError(
            f"the depth module {handle} cannot be loaded ({reason}): {advice}"
        ) from error


def _interface(handle: str, module: Any) -> tuple[Any, str, Any, str]:
    """The signature, its input's name and specification, its output's name."""
    signature = module.signatures.get("serving_default")
    if signature is None:
        raise RequestError(
            f"the module {handle} has no serving_default signature"
        )
    inputs = signature.structured_input_signature[1]
    spec: Any
    key, spec = next(iter(inputs.items()), ("", None))
    if (
        len(inputs) != 1
        or not spec.dtype.is_floating
        or spec.shape.rank != 4
        or spec.shape[0] not in (None, 1)
        or 3 not in (spec.shape[1], spec.shape[3])
    ):
        raise RequestError(
            f"the module {handle} does not take float pictures, (batch, height,"
            f" width, 3) or (batch, 3, height, width): its inputs are {inputs}"
        )
    outputs = [*signature.structured_outputs]
    for output in ("depth", "default", *outputs[: len(outputs) == 1]):
        if output in outputs:
            return signature, key, spec, output
    raise RequestError(
        f"the module {handle} has several outputs and none is named "
        f"depth or default: {', '.join(sorted(outputs))}"
    )
