"""SavedModel, TFLite and ONNX files, each verified against its network."""

FRAME = "frame"
"""A signature of networks in memory, not of exported models, for videos: see
`ImageTransformationNetwork.stylize_frame`."""

REGION_FRAME = "region_frame"
"""The same with `masks`."""
