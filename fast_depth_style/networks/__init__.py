"""The image transformation network, the one that is trained."""

MINIMUM_SIDE = 16
"""Smallest height and width that it takes, in pixels."""
