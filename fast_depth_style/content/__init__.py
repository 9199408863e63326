"""Content photos as a stream of training crops."""
