"""Content photos by the name that a person gives them."""

from fast_depth_style.content.folder import FolderContent
from fast_depth_style.content.photo_source import PhotoSource
from fast_depth_style.requests import RequestError

_TFDS = "tfds:"


def open_content(spec: str) -> PhotoSource:
    """Opens content photos.

    Args:
      spec: A folder, or `tfds:coco/2014` or `tfds:coco/2017`, which are
        downloaded on first use.

    Returns:
      The photos, at least one of them usable.

    Raises:
      RequestError: They cannot be had.
    """
    if not spec:
        raise RequestError("no content named: give a folder of photos")
    if spec.startswith(_TFDS):
        from fast_depth_style.content.tfds_coco import TfdsCocoContent

        return TfdsCocoContent(spec.removeprefix(_TFDS))
    return FolderContent(spec)
