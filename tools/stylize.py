r"""Stylizes a photo, a folder of photos or a video with a trained style.

    fast-depth-style stylize --model=saved_models/great_wave \
        --input=photos --output=paintings

Photos may have any size. Animations stay animations. Of a folder, what cannot
be read or written is named and left out; exits with 1 where a painting could
not be written.
"""

import pathlib
import sys

from absl import flags

from fast_depth_style import files
from fast_depth_style.errors import RequestError
from fast_depth_style.files import printable
from fast_depth_style.runs.progress import say, track
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
    "A photo, a folder of photos, or a video (.mp4, .mov, .webm, .avi, …).",
    required=True,
)
_OUTPUT = flags.DEFINE_string(
    "output",
    None,
    "For a photo, a file (.jpg, .png, .tif, .webp; an animation also .gif) or"
    " a folder; for a folder, a folder, in which names and formats are kept"
    " (those that cannot be written become .png); for a video, a file (.mp4,"
    " .mov, .mkv, .m4v) or a folder.",
    required=True,
)
_RESUME = flags.DEFINE_bool(
    "resume",
    False,
    "Of a folder, leave out photos whose painting is there already and newer"
    " than the photo and the model: goes on where an earlier run ended.",
)
_STRIP = flags.DEFINE_bool(
    "strip",
    False,
    "Leave out date, place, camera and resolution (EXIF), which paintings"
    " otherwise take over from their photos.",
)


def main() -> None:
    """Plans the output, loads the model, stylizes."""
    is_folder = files.resolve(_INPUT.value, "input").is_dir()
    model = files.resolve(_MODEL.value, "model")
    (_stylize_folder if is_folder else _stylize_file)(model)


def _stylize_file(folder: pathlib.Path) -> None:
    from fast_depth_style.stylization import plan

    source, target = plan.plan_file(_INPUT.value, _OUTPUT.value)
    from fast_depth_style.exporting.saved_model import read_model

    model = read_model(folder)
    if plan.is_video(source):
        from fast_depth_style.stylization.video import stylize_video

        stylize_video(
            model, source, target, lambda frames, n: track(frames, n, "frame")
        )
    else:
        from fast_depth_style.stylization.photos import stylize_photo

        if note := stylize_photo(model, source, target, track, _STRIP.value):
            say(note)
    print(f"stylized {printable(target)}")


def _stylize_folder(folder: pathlib.Path) -> None:
    from fast_depth_style.stylization import plan

    targets, left_out = plan.plan_folder(_INPUT.value, _OUTPUT.value)
    planned = len(targets)
    if _RESUME.value:
        from fast_depth_style.exporting.saved_model import find_model

        targets = plan.without_done(targets, find_model(folder))
    done = planned - len(targets)
    for path, reason in left_out.items():
        say(f"skipped {printable(path)}: {reason}")
    if not targets:
        print(f"stylized 0, done before {done}")
        return

    from fast_depth_style.exporting.saved_model import read_model
    from fast_depth_style.stylization.photos import stylize_photos

    counts = stylize_photos(
        read_model(folder),
        targets,
        warn=say,
        track=lambda photos: track(photos, unit="photo"),
        strip=_STRIP.value,
    )
    skipped = counts.unreadable + counts.unwritten + len(left_out)
    if not counts.stylized and not done:
        raise RequestError(
            f"none of the photos in {printable(_INPUT.value)} could be stylized"
        )
    print(
        f"stylized {counts.stylized}, skipped {skipped}"
        f"{' (named above)' if skipped else ''}"
        f"{f', done before {done}' if done else ''}"
    )
    if counts.unwritten:
        sys.exit(1)


if __name__ == "__main__":
    program.run(main)
