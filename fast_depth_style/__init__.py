"""Feed-forward style transfer that keeps the depth of a photo."""

__version__ = "0.1.0"
