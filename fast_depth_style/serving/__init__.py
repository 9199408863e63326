"""Client and check of a TensorFlow Serving."""
