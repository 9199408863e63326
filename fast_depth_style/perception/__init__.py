"""Frozen networks that look at pictures.

Pictures are (batch, height, width, 3) float32 RGB in 0..255, of any size.
"""
