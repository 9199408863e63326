"""Depth from a TF-Hub module, downloaded or in a folder."""

import socket
import tarfile
import warnings

import keras
from keras import ops

from fast_depth_style.perception.depth_estimator import (
    DepthEstimator,
    resize_bilinear,
)
from fast_depth_style.requests import RequestError

MIDAS_HANDLE = (
    "https://www.kaggle.com/models/intel/midas/TensorFlow1/v2-1-small/1"
)
_STALLED_SECONDS = 30


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

    def __init__(
        self,
        handle: str = MIDAS_HANDLE,
        quantity: str | None = None,
        name: str = "hub_depth",
    ):
        """Loads the module.

        Args:
            handle: URL of a module, or a folder with a SavedModel.
            quantity: "depth" or "inverse_depth" for a module that does not
                keep to the conventions; it then counts as not metric unless
                its output is named "depth" and so is this.
            name: Name of the model.

        Raises:
            RequestError: The module cannot be loaded, or has no signature
                that takes pictures and gives depth.
        """
        super().__init__(name=name, dtype="float32")
        if quantity not in (None, "depth", "inverse_depth"):
            raise RequestError(
                f"a depth quantity is depth or inverse_depth, not {quantity}"
            )
        module = _load(handle)
        signature = module.signatures.get("serving_default")
        if signature is None:
            raise RequestError(
                f"the module {handle} has no serving_default signature"
            )
        key, spec = _picture_input(handle, signature)
        output = _depth_output(handle, signature)
        self._channels_first = spec.shape[1] == 3
        sides = spec.shape[2:4] if self._channels_first else spec.shape[1:3]
        self._size = tuple(sides) if None not in tuple(sides) else None
        self._one_by_one = spec.shape[0] == 1

        def estimate(x):
            """Runs the module; the closure keeps the module alive.

            An attribute would put the module into every checkpoint.
            """
            assert module is not None
            return signature(**{key: ops.cast(x, spec.dtype.name)})[output]

        self._estimate = estimate
        conventional = "depth" if output == "depth" else "inverse_depth"
        self.quantity = quantity or conventional
        self.is_metric = output == "depth" and self.quantity == "depth"
        self.built = True

    def outputs(self, pictures):
        """Depth; a module shows no features.

        Args:
            pictures: (batch, height, width, 3) float32 RGB in 0..255. The
                batch must be static if the module takes one at a time.

        Returns:
            The (batch, h, w) float32 map, h and w the module's own, and an
            empty list.
        """
        if self._size is not None:
            pictures = resize_bilinear(pictures, self._size)
        x = pictures / 255.0
        if self._channels_first:
            x = ops.transpose(x, (0, 3, 1, 2))
        if self._one_by_one:
            if x.shape[0] is None:
                raise ValueError(
                    f"{self.name} takes one picture at a time: "
                    "the batch size must be static"
                )
            # An unrolled loop: tf.map_fn fails in the gradient.
            maps = [self._estimate(x[i : i + 1]) for i in range(x.shape[0])]
            depth = ops.concatenate(maps, axis=0)
        else:
            depth = self._estimate(x)
        if len(depth.shape) == 4:
            depth = ops.squeeze(depth, 1 if depth.shape[1] == 1 else 3)
        return ops.cast(depth, "float32"), []


def _load(handle):
    if keras.backend.backend() != "tensorflow":
        raise RequestError(
            "a TF-Hub depth network needs KERAS_BACKEND=tensorflow: set it, "
            "or choose another depth network"
        )
    import tensorflow as tf

    with warnings.catch_warnings():
        # Its use of pkg_resources is no news to our users.
        warnings.simplefilter("ignore", UserWarning)
        import tensorflow_hub as hub

    before = socket.getdefaulttimeout()
    socket.setdefaulttimeout(_STALLED_SECONDS)
    try:
        return hub.load(handle, tags=["serve"])
    except (
        OSError,
        RuntimeError,
        ValueError,
        tarfile.TarError,
        tf.errors.OpError,
    ) as error:
        reason = str(error).strip().splitlines() or [type(error).__name__]
        raise RequestError(
            f"the depth module {handle} cannot be loaded ({reason[0]}): "
            "check the network, or give the folder of a SavedModel"
        ) from error
    finally:
        socket.setdefaulttimeout(before)


def _picture_input(handle, signature):
    inputs = signature.structured_input_signature[1]
    for key, spec in inputs.items():
        shape = spec.shape
        if (
            len(inputs) == 1
            and spec.dtype.is_floating
            and shape.rank == 4
            and shape[0] in (None, 1)
            and 3 in (shape[1], shape[3])
        ):
            return key, spec
    raise RequestError(
        f"the module {handle} does not take float pictures, (batch, height, "
        f"width, 3) or (batch, 3, height, width): its inputs are {inputs}"
    )


def _depth_output(handle, signature):
    outputs = signature.structured_outputs
    names = [key for key in ("depth", "default") if key in outputs]
    names += list(outputs) if len(outputs) == 1 else []
    if not names:
        raise RequestError(
            f"the module {handle} has several outputs and none is named "
            f"depth or default: {', '.join(sorted(outputs))}"
        )
    return names[0]
