"""SavedModel, TFLite and ONNX files, each verified against its network."""

FRAME = "frame"
"""A signature of networks in memory, not of exported models, for videos:
`image` (1, h, w, 3) uint8, `statistics` (2, c) float32 and `kept`, a float32
scalar, to `stylized_image` and `statistics`; see `stylize_frame`."""

REGION_FRAME = "region_frame"
"""The same with `masks`, as those of the signature `regions`."""
