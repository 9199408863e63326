"""Frozen perceptual and depth networks.

Pictures are (batch, height, width, 3) float32 RGB in 0..255, of any size.
"""

COMPACT_DEPTH = "compact_depth.npz"
"""Name of the weight file of the shipped depth network."""

COMPACT_DEPTH_SIZE = 160
"""Height and width that it squeezes pictures to."""
