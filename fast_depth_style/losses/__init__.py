"""Losses: pure functions of features, depth maps and pictures."""
