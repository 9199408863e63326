"""Content photos from a folder."""

import pathlib

from fast_depth_style.content.photo_source import PhotoSource
from fast_depth_style.images import files
from fast_depth_style.requests import RequestError


class FolderContent(PhotoSource):
    """The photos of a folder and its subfolders.

    Files that cannot be decoded are skipped and named in `skipped`.
    """

    def __init__(self, path: str | pathlib.Path):
        """Lists the folder.

        Args:
          path: A folder; `images.files.SUFFIXES` says which of its files
            count as photos.

        Raises:
          RequestError: It is not a folder, holds no pictures, or none that
            can be used.
        """
        super().__init__()
        self._files = files.list_pictures(path)
        if not self._files:
            raise RequestError(
                f"{path}: no pictures in this folder or below it "
                f"({' '.join(sorted(files.SUFFIXES))})"
            )
        self._check_one_is_usable()

    def __len__(self) -> int:
        """Number of pictures, the unusable ones included."""
        return len(self._files)

    def _encoded(self, photo: int) -> tuple[str, pathlib.Path]:
        return str(self._files[photo]), self._files[photo]
