"""Frozen networks that look at pictures: features and depth."""
