"""Losses: pure functions of features, depth maps and pictures."""

COLORS = "colors"
"""A layer that no network has: the picture itself."""
