import subprocess
import sys

import pytest

from fast_depth_style.content.folder import FolderContent
from fast_depth_style.content.source import open_content
from fast_depth_style.requests import RequestError


def test_a_folder(photo_folder):
    source = open_content(str(photo_folder))
    assert isinstance(source, FolderContent) and len(source) == 11


@pytest.mark.parametrize(
    "spec", ["", "tfds:", "tfds:mnist", "tfds:coco/2015", "coco/2017"]
)
def test_unknown_content_is_a_wrong_request(spec):
    with pytest.raises(RequestError) as failure:
        open_content(spec)
    assert "\n" not in str(failure.value)
    if spec.startswith("tfds:"):
        assert "tfds:coco/2017" in str(failure.value)


def test_folders_and_batches_need_no_tensorflow(photo_folder):
    program = (
        "import sys\n"
        "from fast_depth_style.content.batches import batches\n"
        "from fast_depth_style.content.source import open_content\n"
        f"source = open_content({str(photo_folder)!r})\n"
        "assert next(batches(source, 32, 2, 0)).shape == (2, 32, 32, 3)\n"
        "assert 'tensorflow' not in sys.modules\n"
    )
    subprocess.run([sys.executable, "-c", program], check=True)
