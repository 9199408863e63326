"""Stylizes photos in bulk with Apache Beam: a folder, or a pattern.

The same pipeline runs on one machine and on a cluster. Input and output may be
on any file system that Beam knows (gs://, s3://, hdfs://).
"""

import contextlib
import dataclasses
import io
import os
import pathlib
import posixpath
import secrets
import tempfile
from collections.abc import Iterator, Sequence
from typing import Any, NamedTuple

import apache_beam as beam
from apache_beam.io import fileio
from apache_beam.io.filesystem import BeamIOError, CompressionTypes
from apache_beam.io.filesystems import FileSystems
from apache_beam.metrics.metric import Metrics, MetricsFilter
from apache_beam.ml.inference.base import (
    KeyedModelHandler,
    ModelHandler,
    RunInference,
)
from apache_beam.options.pipeline_options import PipelineOptions

from fast_depth_style.errors import RequestError
from fast_depth_style.files import (
    MARK,
    claim_folder,
    mark_text,
    printable,
    refuse_replacing,
    require_different,
    require_writable,
    resolve,
)
from fast_depth_style.images.files import (
    check_suffix,
    read_picture,
    write_picture,
)
from fast_depth_style.images.folder import SUFFIXES, UNREAD, VIDEO_SUFFIXES
from fast_depth_style.images.picture import Picture
from fast_depth_style.images.sequence import PictureSequence
from fast_depth_style.stylization.model import load_styled
from fast_depth_style.stylization.output_paths import require_free
from fast_depth_style.stylization.painting import paint
from fast_depth_style.stylization.settings import StylizeSettings

BROKEN = "broken.txt"
"""The list of what was left out, in the output folder."""

_COUNTERS = "fast_depth_style"
_STYLIZED, _BROKEN = "stylized", "broken"
_WILDCARDS = "*?["
_LOOKED_AT = SUFFIXES | {*UNREAD}
_PLAIN = CompressionTypes.UNCOMPRESSED


class Counts(NamedTuple):
    """What a pipeline did: photos stylized, and files left out."""

    stylized: int
    broken: int


class StyleHandler(ModelHandler[Picture, Picture, Any]):
    """Lets RunInference stylize pictures, one at a time, of any size."""

    def __init__(self, model: str, settings: StylizeSettings):
        """Takes the path of a model, the same on every worker."""
        super().__init__()
        self._model, self._settings = model, settings

    def load_model(self) -> Any:
        """Loads the model, once for each process of a worker."""
        return load_styled(self._model, self._settings)

    def run_inference(
        self, batch: Sequence[Picture], model: Any, inference_args: Any = None
    ) -> list[Picture]:
        """Stylizes pictures; all but the pixels is kept."""
        made = [paint(model, each.rgb, self._settings) for each in batch]
        return [
            dataclasses.replace(each, rgb=rgb)
            for each, rgb in zip(batch, made, strict=True)
        ]

    def get_num_bytes(self, batch: Sequence[Picture]) -> int:
        """Bytes of the pixels, for Beam's metrics."""
        return sum(each.rgb.nbytes for each in batch)

    def batch_elements_kwargs(self) -> dict[str, int]:
        """Pictures differ in size: no batches."""
        return {"min_batch_size": 1, "max_batch_size": 1}


def stylize_files(
    model: str,
    source: str,
    output: str,
    options: Sequence[str] = (),
    settings: StylizeSettings | None = None,
) -> Counts:
    """Runs the pipeline to its end.

    Args:
        model: See `stylization.model.load_styled`.
        source: A folder with its subfolders, or a pattern of files in Beam's
            syntax (`photos/2024-*/*.jpg`, `**` for any depth). Files whose
            names are no picture's or video's are passed over.
        output: A folder. Files keep their names, and their folders below the
            fixed part of the pattern. A format that cannot be written becomes
            .png, behind the whole old name (a.bmp.png). `BROKEN` lists the
            files that are left out, whole or in part: path, tab, reason.
        options: Beam's, as on its command line: `--runner=FlinkRunner`, ….
        settings: How each photo is painted.

    Raises:
        RequestError: There is no such model, photo or runner, or the output
            would overwrite the photos or files of others.
    """
    source, output = _place(source, "input"), _place(output, "output")
    pattern, base = _pattern(source)
    require_different(output, [base])
    load_styled(model, settings)  # So that a wrong one is refused here and now.
    pipeline = _pipeline(options)
    _claim(output, pattern, base)
    names = (
        pipeline
        | "Pattern" >> beam.Create([pattern])
        | "Match" >> fileio.MatchAll()
        | "Names" >> beam.FlatMap(_name_of_photo, base, output)
        # So that the files are spread over the workers, whoever found them.
        | "Spread" >> beam.Reshuffle()
    )
    pictures, unreadable = names | "Read" >> beam.FlatMap(_read).with_outputs(
        _BROKEN, main="pictures"
    )
    paintings = pictures | "Stylize" >> RunInference(
        KeyedModelHandler(StyleHandler(model, settings or StylizeSettings()))
    )
    _, unwritable = paintings | "Write" >> beam.FlatMap(
        _write, base, output
    ).with_outputs(_BROKEN, main="written")
    broken = (unreadable, unwritable) | "Broken" >> beam.Flatten()
    _ = broken | "List" >> beam.io.WriteToText(
        posixpath.join(output, BROKEN), num_shards=1, shard_name_template=""
    )
    result = pipeline.run()
    result.wait_until_finish()
    found = result.metrics().query(MetricsFilter().with_namespace(_COUNTERS))
    counts = {c.key.metric.name: c.result for c in found["counters"]}
    return Counts(counts.get(_STYLIZED, 0), counts.get(_BROKEN, 0))


def _pipeline(options: Sequence[str]) -> beam.Pipeline:
    complaint = io.StringIO()
    try:
        with contextlib.redirect_stderr(complaint):
            parsed = PipelineOptions([*options])
            parsed.get_all_options()  # Else they are read while it runs.
            return beam.Pipeline(options=parsed)
    except SystemExit as error:  # From the argument parser.
        reason = complaint.getvalue().strip().rpartition("\n")[2]
        raise RequestError(f"Beam refuses its options: {reason}") from error
    except (ValueError, RuntimeError, ImportError) as error:
        raise RequestError(f"Beam refuses its options: {error}") from error


def _read(name: bytes) -> Iterator[Any]:
    """Names to (name, picture); what cannot be read goes to the list."""
    path = os.fsdecode(name)
    if reason := _why_unread(path):
        yield _left_out(path, reason)
        return
    try:
        with FileSystems.open(path, compression_type=_PLAIN) as file:
            data = file.read()
        picture, count = read_picture(data), len(PictureSequence(data))
    # Other failures, of a network say, may pass: runners try again.
    except (FileNotFoundError, PermissionError) as error:
        yield _left_out(path, error.strerror or str(error))
    except RequestError as error:
        yield _left_out(path, str(error).removeprefix("picture: "))
    else:
        yield name, picture
        if count > 1:
            note = f"only the first of {count} pictures in it is painted"
            yield _listed(path, note)


def _write(
    painting: tuple[bytes, Picture], base: str, output: str
) -> Iterator[Any]:
    """Writes (name, painting), whole or not at all."""
    path, picture = os.fsdecode(painting[0]), painting[1]
    target = _target(path, base, output)
    suffix = posixpath.splitext(target)[1]
    with tempfile.NamedTemporaryFile(suffix=suffix) as local:
        try:
            write_picture(local.name, picture)
        except RequestError as error:
            yield _left_out(path, str(error).partition(": ")[2])
            return
        with open(local.name, "rb") as file:
            data = file.read()
    aside = f"{target}.{secrets.token_hex(6)}.writing"
    with FileSystems.create(aside, compression_type=_PLAIN) as file:
        file.write(data)
    FileSystems.rename([aside], [target])
    Metrics.counter(_COUNTERS, _STYLIZED).inc()


def _target(path: str, base: str, output: str) -> str:
    """Where the painting of a photo goes."""
    name = path.removeprefix(base).lstrip("/")
    try:
        check_suffix(name)
    except RequestError:
        name = f"{name}.png"
    return posixpath.join(output, name)


def _claim(output: str, pattern: str, base: str) -> None:
    """Makes a new folder ours; refuses to replace photos or others' files."""
    targets = {
        photo: _target(photo, base, output)
        for found in _match(pattern)
        for photo in map(os.fsdecode, _name_of_photo(found, base, output))
        if not _why_unread(photo)
    }
    written = [*targets.values(), posixpath.join(output, BROKEN)]
    if _is_local(output):
        if _is_local(pattern):
            require_free(
                {pathlib.Path(k): pathlib.Path(v) for k, v in targets.items()}
            )
        require_writable(posixpath.join(output, BROKEN), "output")
        claim_folder(output, written, "output")
        return
    try:
        there = {found.path for found in _match(posixpath.join(output, "**"))}
    except BeamIOError:  # HDFS says so of a folder that is not there.
        if FileSystems.exists(output):
            raise
        there = set()
    mark = posixpath.join(output, MARK)
    if not there:
        with FileSystems.create(mark, compression_type=_PLAIN) as file:
            file.write(mark_text("pictures").encode())
        return
    if mark in there:
        with FileSystems.open(mark, compression_type=_PLAIN) as file:
            if file.read() == mark_text("pictures").encode():
                return
    refuse_replacing(output, there.intersection(written), "output")


def _is_local(path: str) -> bool:
    return "://" not in path


def _place(path: str, flag: str) -> str:
    """A path without "/" at its end; on this machine's disk an absolute one."""
    return str(resolve(path, flag)) if _is_local(path) else path.rstrip("/")


def _pattern(source: str) -> tuple[str, str]:
    """The pattern of the files, and the folder that their names start at."""
    pattern = source
    if not any(mark in pattern for mark in _WILDCARDS):
        below = posixpath.join(pattern, "**")
        pattern = below if _matches(below) else pattern
    fixed = pattern
    for mark in _WILDCARDS:
        fixed = fixed.partition(mark)[0]
    if not _matches(pattern):
        raise RequestError(f"{source}: no such folder, and no file matches it")
    return pattern, posixpath.dirname(fixed)


def _matches(pattern: str) -> bool:
    return bool(_match(pattern, limit=1))


def _match(pattern: str, limit: int | None = None) -> list[Any]:
    """What Beam says of the files of a pattern."""
    try:
        (found,) = FileSystems.match([pattern], limits=[limit])
    except ValueError as error:
        raise RequestError(f"{pattern}: {error}") from error
    return found.metadata_list


def _name_of_photo(metadata: Any, base: str, output: str) -> Iterator[bytes]:
    """Yields the path of what may be a picture, none hidden or painted here.

    As bytes: Beam wants text to be UTF-8, which names need not be.
    """
    path = metadata.path
    if path.startswith(f"{output}/"):
        return
    parts = path.removeprefix(base).split("/")
    suffix = posixpath.splitext(path)[1].lower()
    if suffix in _LOOKED_AT and not any(p.startswith(".") for p in parts):
        yield os.fsencode(path)


def _why_unread(path: str) -> str:
    """Why a file is not read, by its name or kind; "" where it is."""
    if _is_local(path) and os.path.exists(path) and not os.path.isfile(path):
        return "not a regular file"  # A pipe would be waited for.
    suffix = posixpath.splitext(path)[1].lower()
    if suffix in VIDEO_SUFFIXES:
        return "a video: stylize paints it"
    return UNREAD.get(suffix, "")


def _left_out(path: str, reason: str) -> beam.pvalue.TaggedOutput:
    Metrics.counter(_COUNTERS, _BROKEN).inc()
    return _listed(path, " ".join(reason.split()))


def _listed(path: str, note: str) -> beam.pvalue.TaggedOutput:
    return beam.pvalue.TaggedOutput(_BROKEN, f"{printable(path)}\t{note}")
