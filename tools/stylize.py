r"""Stylizes a photo, a folder of photos or a video with a trained style.

    fast-depth-style stylize --model=saved_models/great_wave \
        --input=photos --output=paintings

Photos may have any size. Of a folder, a photo that cannot be read is named and
left out.
"""

import pathlib
import sys

from absl import flags
from tqdm import tqdm

from fast_depth_style.requests import RequestError
from fast_depth_style.tools import program

_MODEL = flags.DEFINE_string(
    "model",
    None,
    "Folder of an exported model, or the workdir of a finished training.",
    required=True,
)
_INPUT = flags.DEFINE_string(
    "input",
    None,
    "A photo, a folder of photos, or a video (.mp4, .mov, .mkv, .m4v).",
    required=True,
)
_OUTPUT = flags.DEFINE_string(
    "output",
    None,
    "For a photo, a file (.jpg, .png, .tif, .webp) or a folder; for a folder, "
    "a folder, in which names and formats are kept (those that cannot be "
    "written become .png); for a video, a file (.mp4, .mov, .mkv, .m4v) or a "
    "folder.",
    required=True,
)


def main() -> None:
    """Plans the output, loads the model, stylizes."""
    from fast_depth_style.stylization import plan

    source = pathlib.Path(_INPUT.value)
    is_video = source.suffix.lower() in plan.VIDEO_SUFFIXES
    if source.is_dir():
        targets = plan.plan_folder(source, _OUTPUT.value)
    elif is_video:
        targets = plan.plan_video(source, _OUTPUT.value)
    else:
        targets = plan.plan_file(source, _OUTPUT.value)

    from fast_depth_style.serving.saved_model import read_model

    model = read_model(_MODEL.value)
    if source.is_dir():
        _stylize_folder(model, source, targets)
        return
    target = targets[source]
    (_stylize_video if is_video else _stylize_photo)(model, source, target)
    print(f"stylized {target}")


def _stylize_folder(model, folder, targets):
    from fast_depth_style.stylization import photos

    stylized = photos.stylize_photos(
        model,
        targets,
        warn=lambda line: tqdm.write(f"skipped {line}", file=sys.stderr),
        track=lambda files: tqdm(files, unit="photo"),
    )
    if not stylized:
        raise RequestError(f"none of the photos in {folder} could be stylized")
    skipped = len(targets) - stylized
    print(
        f"stylized {stylized}, skipped {skipped}"
        f"{' (named above)' if skipped else ''}"
    )


def _stylize_photo(model, photo, target):
    from fast_depth_style.images.files import UnreadablePicture
    from fast_depth_style.stylization import photos

    try:
        photos.stylize_photo(
            model, photo, target, lambda tiles: tqdm(tiles, unit="tile")
        )
    except UnreadablePicture as error:
        raise RequestError(str(error)) from error


def _stylize_video(model, video, target):
    from fast_depth_style.stylization.video import stylize_video

    stylize_video(
        model,
        video,
        target,
        lambda frames, total: tqdm(frames, total=total, unit="frame"),
    )


if __name__ == "__main__":
    program.run(main)
