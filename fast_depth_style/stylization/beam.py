"""Photos in bulk: Apache Beam's RunInference over a folder or a pattern.

One pipeline for one machine and for a cluster: read, decode, stylize, write,
each photo by itself. Input and output may be on any file system that Beam
knows (gs://, s3://, hdfs://); the model is read from the same path by every
worker.
"""

import contextlib
import dataclasses
import io
import posixpath
import secrets
import tempfile
from collections.abc import Sequence

import apache_beam as beam
import tensorflow as tf
from apache_beam.io import fileio
from apache_beam.io.filesystem import CompressionTypes
from apache_beam.io.filesystems import FileSystems
from apache_beam.metrics.metric import Metrics, MetricsFilter
from apache_beam.ml.inference.base import (
    KeyedModelHandler,
    ModelHandler,
    RunInference,
)
from apache_beam.options.pipeline_options import PipelineOptions

from fast_depth_style.images.files import (
    SUFFIXES,
    Picture,
    UnreadablePicture,
    check_suffix,
    read_picture,
    write_picture,
)
from fast_depth_style.requests import RequestError
from fast_depth_style.serving.saved_model import read_model
from fast_depth_style.stylization import tiles

#: The list of the files that were left out, in the output folder.
BROKEN = "broken.txt"

_COUNTERS = "fast_depth_style"
_STYLIZED, _BROKEN = "stylized", "broken"
_WILDCARDS = "*?["


@dataclasses.dataclass(frozen=True)
class Counts:
    """What a pipeline did: photos stylized, and files left out."""

    stylized: int
    broken: int


class StyleHandler(ModelHandler[Picture, Picture, tf.Module]):
    """Lets RunInference stylize pictures, one at a time, of any size."""

    def __init__(self, model: str):
        """`model` is a path for `read_model`, the same on every worker."""
        super().__init__()
        self._model = model

    def load_model(self) -> tf.Module:
        """Loads the model, once for each process of a worker."""
        return read_model(self._model)

    def run_inference(
        self, batch: Sequence[Picture], model: tf.Module, inference_args=None
    ) -> list[Picture]:
        """Stylizes pictures; transparency and profile are kept."""
        return [
            dataclasses.replace(each, rgb=tiles.stylize(model, each.rgb))
            for each in batch
        ]

    def get_num_bytes(self, batch: Sequence[Picture]) -> int:
        """Bytes of the pixels, for Beam's metrics."""
        return sum(each.rgb.nbytes for each in batch)

    def batch_elements_kwargs(self) -> dict[str, int]:
        """Pictures differ in size: no batches."""
        return {"min_batch_size": 1, "max_batch_size": 1}


def stylize_files(
    model: str, source: str, output: str, options: Sequence[str] = ()
) -> Counts:
    """Runs the pipeline to its end.

    Args:
        model: See `fast_depth_style.serving.saved_model.read_model`.
        source: A folder, taken with its subfolders, or a pattern of files in
            Beam's syntax (`photos/2024-*/*.jpg`, `**` for any depth). Files
            with no picture's name are passed over.
        output: A folder, in which the files keep their names and their folders
            below the fixed part of the pattern. A format that cannot be
            written becomes .png, behind the whole old name (a.bmp.png).
            `BROKEN` in it lists the files that cannot be read, decoded or
            written, one a line: path, tab, reason.
        options: Beam's, as on its command line: `--runner=FlinkRunner`, ….

    Returns:
        How many photos were stylized and how many left out.

    Raises:
        RequestError: There is no such model, photo or runner, or the output
            would overwrite the photos.
    """
    pattern, base = _pattern(source)
    output = output.rstrip("/")
    if output == base:
        raise RequestError(
            f"{output}: the paintings would overwrite the photos; choose"
            " another output"
        )
    read_model(model)  # So that a wrong one is refused here and now.
    pipeline = _pipeline(options)
    found = (
        pipeline
        | "Pattern" >> beam.Create([pattern])
        | "Match" >> fileio.MatchAll()
        | "Paths" >> beam.Map(lambda metadata: metadata.path)
        | "Pictures" >> beam.Filter(_is_photo, base, output)
        # So that the files are spread over the workers, whoever found them.
        | "Spread" >> beam.Reshuffle()
    )
    pictures, unreadable = found | "Read" >> beam.ParDo(_Read()).with_outputs(
        _BROKEN, main="pictures"
    )
    paintings = pictures | "Stylize" >> RunInference(
        KeyedModelHandler(StyleHandler(model))
    )
    written, unwritable = paintings | "Write" >> beam.ParDo(
        _Write(base, output)
    ).with_outputs(_BROKEN, main="written")
    broken = (unreadable, unwritable) | "Broken" >> beam.Flatten()
    _ = broken | "List" >> beam.io.WriteToText(
        posixpath.join(output, BROKEN), num_shards=1, shard_name_template=""
    )
    result = pipeline.run()
    result.wait_until_finish()
    return Counts(*(_count(result, name) for name in (_STYLIZED, _BROKEN)))


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


class _Read(beam.DoFn):
    """Paths to (path, picture); what cannot be read goes to the list."""

    def process(self, path):
        try:
            with FileSystems.open(
                path, compression_type=CompressionTypes.UNCOMPRESSED
            ) as file:
                data = file.read()
        # Other failures, of a network say, may pass: runners try again.
        except (FileNotFoundError, PermissionError) as error:
            yield _left_out(path, error.strerror)
            return
        try:
            picture = read_picture(data)
        except UnreadablePicture as error:
            yield _left_out(path, str(error).removeprefix("picture: "))
        else:
            yield path, picture


class _Write(beam.DoFn):
    """Writes (path, painting), whole or not at all."""

    def __init__(self, base, output):
        self._base = base
        self._output = output

    def process(self, painting):
        path, picture = painting
        target = posixpath.join(self._output, _name(path, self._base))
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
        with FileSystems.create(
            aside, compression_type=CompressionTypes.UNCOMPRESSED
        ) as file:
            file.write(data)
        FileSystems.rename([aside], [target])
        Metrics.counter(_COUNTERS, _STYLIZED).inc()
        yield target


def _pattern(source: str) -> tuple[str, str]:
    """The pattern of the files, and the folder that their names start at."""
    pattern = source.rstrip("/") or source
    if not any(mark in pattern for mark in _WILDCARDS):
        below = posixpath.join(pattern, "**")
        pattern = below if _matches(below) else pattern
    if not posixpath.dirname(pattern):
        pattern = posixpath.join(".", pattern)
    fixed = pattern
    for mark in _WILDCARDS:
        fixed = fixed.partition(mark)[0]
    if not _matches(pattern):
        raise RequestError(f"{source}: no such folder, and no file matches it")
    return pattern, posixpath.dirname(fixed)


def _matches(pattern: str) -> bool:
    try:
        (found,) = FileSystems.match([pattern], limits=[1])
    except ValueError as error:
        raise RequestError(f"{pattern}: {error}") from error
    return bool(found.metadata_list)


def _is_photo(path: str, base: str, output: str) -> bool:
    """Whether a file is taken: pictures, none hidden, no earlier painting."""
    if path.startswith(f"{output}/"):
        return False
    parts = _below(path, base).split("/")
    suffix = posixpath.splitext(path)[1].lower()
    return suffix in SUFFIXES and not any(p.startswith(".") for p in parts)


def _below(path: str, base: str) -> str:
    return path.removeprefix(base).lstrip("/")


def _name(path: str, base: str) -> str:
    """The painting's name below the output."""
    name = _below(path, base)
    try:
        check_suffix(name)
    except RequestError:
        return f"{name}.png"
    return name


def _left_out(path: str, reason: str) -> beam.pvalue.TaggedOutput:
    Metrics.counter(_COUNTERS, _BROKEN).inc()
    return beam.pvalue.TaggedOutput(
        _BROKEN, f"{path}\t{' '.join(reason.split())}"
    )


def _count(result, name: str) -> int:
    found = result.metrics().query(
        MetricsFilter().with_namespace(_COUNTERS).with_name(name)
    )
    return sum(counter.result for counter in found["counters"])
