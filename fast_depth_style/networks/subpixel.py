"""Bilinear upsampling and convolution fused into one.

Written for arrays of any library `xp`: numpy, or keras.ops.
"""

from typing import Any

_BILINEAR = (0.25, 0.75, 0.75, 0.25)


def subpixel_kernel(kernel: Any, xp: Any) -> Any:
    """(3, 3, in, 4 out): doubling and convolution before depth-to-space.

    Bilinear doubling spreads a pixel by the outer product of [1, 3, 3, 1] / 4.
    That filter convolved with the kernel, (3, 3, in, out), is 6x6: a 3x3 kernel
    for each of a pixel's four descendants. One convolution does both at once
    and without the doubled features.
    """
    for axis in (0, 1):
        kernel = _convolved(kernel, _BILINEAR, axis, xp)
    inputs, outputs = kernel.shape[2:]
    kernel = xp.reshape(kernel, (3, 2, 3, 2, inputs, outputs))
    # The second of two descendants looks farther ahead.
    kernel = xp.transpose(kernel[:, ::-1, :, ::-1], (0, 2, 4, 1, 3, 5))
    return xp.reshape(kernel, (3, 3, inputs, 4 * outputs))


def _convolved(kernel: Any, taps: tuple[float, ...], axis: int, xp: Any) -> Any:
    """The full convolution of a kernel with a filter along an axis."""
    last = len(taps) - 1
    return sum(
        tap
        * xp.pad(
            kernel,
            [(i, last - i) if n == axis else (0, 0) for n in range(4)],
        )
        for i, tap in enumerate(taps)
    )
