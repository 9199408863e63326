"""SavedModel, TFLite and ONNX files, each verified against its network."""
