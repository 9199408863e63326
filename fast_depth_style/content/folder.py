"""Content photos from a folder, or from any source by its name."""

import pathlib

from fast_depth_style.content.source import PhotoSource
from fast_depth_style.errors import RequestError
from fast_depth_style.files import printable, resolve
from fast_depth_style.images.folder import SUFFIXES, look_through


class FolderContent(PhotoSource):
    """The photos of a folder and its subfolders.

    What looks like a picture and is not read is named in `skipped` as well.
    """

    def __init__(
        self,
        path: str | pathlib.Path,
        except_below: pathlib.Path | None = None,
    ):
        """Lists the folder; RequestError if no picture in it can be used.

        What lies in `except_below` is no photo.
        """
        folder = resolve(path, "content")
        self._files, left_out = look_through(folder, except_below)
        if not self._files:
            raise RequestError(
                f"{printable(path)}: no pictures in this folder or below it "
                f"({' '.join(sorted(SUFFIXES))})"
            )
        super().__init__()
        self.skipped |= {printable(p): why for p, why in left_out.items()}

    def __len__(self) -> int:
        """Number of pictures, the unusable ones included."""
        return len(self._files)

    def _encoded(self, photo: int) -> tuple[str, pathlib.Path]:
        return printable(self._files[photo]), self._files[photo]


def open_content(spec: str, workdir: pathlib.Path | None = None) -> PhotoSource:
    """Opens a folder, or `tfds:coco/2014` or `…/2017`, downloaded on first use.

    Pictures of the run in `workdir` are no photos.
    """
    if spec.startswith("tfds:"):
        from fast_depth_style.content.tfds_coco import TfdsCocoContent

        return TfdsCocoContent(spec.removeprefix("tfds:"))
    return FolderContent(spec, workdir)
