"""The networks that are trained."""

MINIMUM_SIDE = 16
"""Of the pictures that a `Transformer` takes, in pixels."""
