"""Constants of the image transformation network. Imports nothing heavy."""

MINIMUM_SIDE = 16
"""Smallest height and width that it takes, in pixels."""

RECEPTIVE_RADIUS = 60
"""Pixels around a pixel that its colour depends on, statistics aside."""

MARGIN = 40
"""Pixels by which a picture is extended and its painting cut back."""

DIALS = ("depth", "stroke")
"""The dials of a style, each from 0 to 1."""

DIAL_DEFAULTS = {"depth": 1.0, "stroke": 0.5}
"""Where they are if nothing else is asked for."""

STRIDE = 4
"""Multiples of which its sides are inside."""

EPSILON = 1e-5
"""Added to the variance in instance normalization."""
