"""Photos and folders through a trained network."""
