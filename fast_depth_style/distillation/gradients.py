"""Gradients of functions, compiled, under TensorFlow and under JAX."""

from collections.abc import Callable

import keras


def compiled(function: Callable) -> Callable:
    """`function`, compiled for arguments of fixed shapes."""
    if keras.backend.backend() == "jax":
        import jax

        return jax.jit(function)
    import tensorflow as tf

    return tf.function(function, reduce_retracing=True)


def value_and_gradient(function: Callable, extras: bool = False) -> Callable:
    """A function of the value and of the gradient in the first argument.

    Args:
        function: Its value is a scalar; float32 arrays go in. What it reads
            elsewhere is a constant once it is compiled under JAX.
        extras: Its value is a pair, the scalar and something else.

    Returns:
        A function of the same arguments: the value, and a gradient that looks
        like the first argument, a tensor or a list of them.
    """
    if keras.backend.backend() == "jax":
        import jax

        return jax.value_and_grad(function, has_aux=extras)
    import tensorflow as tf

    def both(first, *others):
        first = tf.nest.map_structure(tf.convert_to_tensor, first)
        with tf.GradientTape() as tape:
            tape.watch(first)
            value = function(first, *others)
            scalar = value[0] if extras else value
        return value, tape.gradient(scalar, first)

    return both
