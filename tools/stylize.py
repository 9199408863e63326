r"""Stylizes photos, folders of photos and videos with a trained style.

    fast-depth-style stylize photo.jpg
    fast-depth-style stylize photos/ --style=great_wave:0.7,udnie:0.3 \
        --depth=0.5 --output=paintings

The first makes photo.great_wave.jpg; fast-depth-style styles lists the styles
that come with the program. --model takes a model of your own. Photos may have
any size. Animations stay animations. Videos are painted steadily; the same
command continues an interrupted one. --show and --webcam=0 paint live. Of
several inputs, what cannot be read or written is named and left out; the exit
code is 1 where a painting could not be written.
"""

import pathlib
import sys
from collections.abc import Iterable, Iterator
from typing import Any

from absl import flags

from fast_depth_style import files
from fast_depth_style.errors import RequestError
from fast_depth_style.exporting.shipped_card import shipped_folder
from fast_depth_style.files import printable
from fast_depth_style.runs.progress import say, track
from fast_depth_style.stylization.settings import StylizeSettings
from fast_depth_style.tools import program
from fast_depth_style.tools.flags import define, define_model

_MODEL = define_model()
_INPUT = flags.DEFINE_string(
    "input",
    None,
    "A photo, a folder of photos, or a video (.mp4, .mov, .webm, .avi, …);"
    " several may be given as words without this flag.",
)
_OUTPUT = flags.DEFINE_string(
    "output",
    None,
    "A file or a folder. Files of photos are .jpg, .png, .tif or .webp, of"
    " animations also .gif, of videos .mp4, .mov, .mkv or .m4v. For a folder or"
    " several inputs it is a folder; names and formats are kept, or become .png"
    " where they cannot be written. By default NAME.STYLE.jpg beside NAME.jpg;"
    " STYLE is the style, or the name of a model of your own.",
)
_RESUME = flags.DEFINE_bool(
    "resume",
    False,
    "Of several, leave out photos whose painting is there already and newer"
    " than the photo and the model: goes on where an earlier run ended.",
)
_STRIP = flags.DEFINE_bool(
    "strip",
    False,
    "Leave out date, place, camera and resolution (EXIF), which paintings"
    " otherwise take over from their photos.",
)
_SHOW = flags.DEFINE_bool(
    "show",
    False,
    "Show the painting of a video in a window, in the video's own time; nothing"
    " is written. Painted at --paint_size=0.1 unless it is given.",
)
_WEBCAM = flags.DEFINE_string(
    "webcam",
    None,
    "Show the painting of a camera in a window: its number, from 0, or its"
    " path. Painted as with --show.",
)

_SETTINGS = define(StylizeSettings)


def main(*inputs: str) -> None:
    """Plans the outputs, loads the model, stylizes."""
    from fast_depth_style.stylization import output_paths
    from fast_depth_style.stylization.model import choose_engine, pixels_of
    from fast_depth_style.stylization.request import style_files

    if _SHOW.value or _WEBCAM.value is not None:
        _show(inputs)
        return
    settings = StylizeSettings(**_SETTINGS())
    model = _model()
    inputs = _inputs(inputs)
    name = output_paths.style_name(model, settings.style)
    targets, left_out = output_paths.target_paths(inputs, _OUTPUT.value, name)
    read = [*settings.input_files(), *style_files(settings)[0]]
    for target in targets.values():
        files.require_different(target, read)
    pixels = pixels_of(targets, settings)
    settings = choose_engine(settings, model, pixels)
    if len(inputs) == 1 and files.resolve(inputs[0], "input") in targets:
        _stylize_file(model, settings, *targets.popitem())
    else:
        _stylize_several(model, settings, targets, left_out)


def _model() -> pathlib.Path | str:
    if shipped_folder(_MODEL.value):
        return _MODEL.value
    return files.resolve(_MODEL.value, "model")


def _inputs(words: tuple[str, ...]) -> tuple[str, ...]:
    return words if _INPUT.value is None else (*words, _INPUT.value)


def _show(words: tuple[str, ...]) -> None:
    from fast_depth_style.stylization import preview

    if _OUTPUT.value is not None:
        raise RequestError("--show and --webcam write nothing: no --output")
    settings = StylizeSettings(**{"paint_size": "0.1"} | _SETTINGS())
    inputs, camera = _inputs(words), _WEBCAM.value
    if camera is None and len(inputs) != 1:
        raise RequestError("--show shows one video: name it")
    if camera is not None and inputs:
        raise RequestError("--webcam is the input: name no other")
    source = None if camera is not None else files.resolve(inputs[0], "input")
    count = preview.show(_model(), settings, source, camera)
    print(f"showed {count} frames")


def _stylize_file(
    folder: pathlib.Path | str,
    settings: StylizeSettings,
    source: pathlib.Path,
    target: pathlib.Path,
) -> None:
    from fast_depth_style.stylization.model import load_styled

    model = load_styled(folder, settings)
    from fast_depth_style.stylization import output_paths, photos, video

    output_paths.claim(_OUTPUT.value, [target])
    if output_paths.is_video(source):
        video.stylize_video(model, source, target, _track_frames, settings)
    elif note := photos.stylize_photo(
        model, source, target, track, _STRIP.value, settings
    ):
        say(note)
    print(f"stylized {printable(target)}")


def _stylize_several(
    folder: pathlib.Path | str,
    settings: StylizeSettings,
    targets: dict[pathlib.Path, pathlib.Path],
    left_out: dict[pathlib.Path, str],
) -> None:
    planned = len(targets)
    if _RESUME.value:
        from fast_depth_style.stylization.model import model_folder
        from fast_depth_style.stylization.output_paths import without_done

        targets = without_done(targets, model_folder(folder))
    done = planned - len(targets)
    for path, reason in left_out.items():
        say(f"skipped {printable(path)}: {reason}")
    if not targets:
        print(f"stylized 0, done before {done}")
        return

    from fast_depth_style.stylization.model import load_styled
    from fast_depth_style.stylization.output_paths import claim
    from fast_depth_style.stylization.photos import stylize_photos

    model = load_styled(folder, settings)
    claim(_OUTPUT.value, targets.values())
    counts = stylize_photos(
        model,
        targets,
        warn=say,
        track=lambda photos: track(photos, unit="photo"),
        strip=_STRIP.value,
        settings=settings,
        track_frames=_track_frames,
    )
    skipped = counts.unreadable + counts.unwritten + len(left_out)
    if not counts.stylized and not done:
        raise RequestError("none of the photos could be stylized: see above")
    print(
        f"stylized {counts.stylized}, skipped {skipped}"
        f"{' (named above)' if skipped else ''}"
        f"{f', done before {done}' if done else ''}"
    )
    if counts.unwritten:
        sys.exit(1)


def _track_frames(
    frames: Iterable[Any], number: int, done: int
) -> Iterator[Any]:
    return track(frames, number, "frame", start=done)


if __name__ == "__main__":
    program.run(main)
