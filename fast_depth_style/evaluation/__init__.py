"""Depth, style and content metrics, and their report."""
