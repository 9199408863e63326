"""The rules of the house, read from the sources themselves."""

import ast
import configparser
import functools
import graphlib
import importlib.metadata
import pathlib
import re
import subprocess
import sys

import grimp
import pytest

_ROOT = pathlib.Path(__file__).resolve().parents[1]
_NAME = "fast_depth_style"
_LIBRARY = _ROOT / _NAME
# Each may import those above it; those of one row know nothing of each other,
# but for the pairs below.
_ROWS = (
    {"errors"},
    {"files", "settings"},
    {"images", "networks"},
    {"content", "losses", "perception"},
    {"objective_settings"},
    {"objective", "runs"},
    {"exporting"},
    {"training", "optimization", "evaluation", "stylization", "serving", "web"},
    {"demo", "api"},
)
# Evaluation paints, and takes defaults from training.
_PAIRS = {("evaluation", "stylization"), ("evaluation", "training")}
_LIBRARY_FILES = sorted(_LIBRARY.rglob("*.py"))
_TOOL_FILES = sorted((_ROOT / "tools").rglob("*.py"))
_ALL_FILES = [
    *_LIBRARY_FILES,
    *_TOOL_FILES,
    *sorted((_ROOT / "tests").rglob("*.py")),
]


# Imports anywhere in a file count; of other libraries, the top-level names.
_GRAPH = grimp.build_graph(
    _NAME, "tools", include_external_packages=True, cache_dir=None
)


def _module_name(path: pathlib.Path) -> str:
    """Returns the dotted name of the module at `path`."""
    parts = path.relative_to(_ROOT).with_suffix("").parts
    return ".".join(parts).removesuffix(".__init__")


def _imports(path: pathlib.Path) -> set[str]:
    return _GRAPH.find_modules_directly_imported_by(_module_name(path))


def _package(module: str) -> str | None:
    """Returns `losses` for `fast_depth_style.losses.style`."""
    parts = module.split(".")
    if len(parts) > 1 and parts[0] == _NAME:
        return parts[1]
    return None


def _packages_imported(path: pathlib.Path) -> set[str]:
    return {_package(name) for name in _imports(path)} - {None}


def _id(path: pathlib.Path) -> str:
    return str(path.relative_to(_ROOT))


def _each(files):
    return pytest.mark.parametrize("path", files, ids=_id)


@functools.cache
def _setup() -> configparser.ConfigParser:
    setup = configparser.ConfigParser()
    setup.read(_ROOT / "setup.cfg")
    return setup


def _row(package: str) -> int:
    return next(i for i, row in enumerate(_ROWS) if package in row)


def test_every_package_has_its_place():
    packages = {
        path.parent.name if path.name == "__init__.py" else path.stem
        for path in [*_LIBRARY.glob("*/__init__.py"), *_LIBRARY.glob("*.py")]
    }

    assert packages - {_NAME, "__init__"} == set().union(*_ROWS)


def test_every_package_is_installed():
    packages = {
        _module_name(path)
        for path in _LIBRARY_FILES
        if path.name == "__init__.py"
    } | {f"{_NAME}.tools"}

    assert set(_setup()["options"]["packages"].split()) == packages


@_each([*_LIBRARY_FILES, *_TOOL_FILES])
def test_everything_imported_is_a_requirement(path):
    extras = _setup()["options.extras_require"]
    wanted = [_setup()["options"]["install_requires"]]
    wanted += [extras[name] for name in extras if name != "test"]
    required = {
        _distribution(re.match(r"[\w-]*", line)[0])
        for line in "\n".join(wanted).splitlines()
    }
    origins = _origins()

    for name in {name.partition(".")[0] for name in _imports(path)}:
        if name not in sys.stdlib_module_names and name != _NAME:
            found = origins.get(name, [name])
            assert {_distribution(each) for each in found} & required


# It reads the records of everything that is installed.
_origins = functools.cache(importlib.metadata.packages_distributions)


def _distribution(name: str) -> str:
    return name.lower().replace("-", "_")


@_each([path for path in _LIBRARY_FILES if _package(_module_name(path))])
def test_imports_run_one_way(path):
    package = _package(_module_name(path))

    for other in _packages_imported(path) - {package}:
        assert other in set().union(*_ROWS), other
        assert _row(other) < _row(package) or (package, other) in _PAIRS


def test_no_circles_between_packages():
    graph = {}
    for path in _LIBRARY_FILES:
        package = _package(_module_name(path))
        graph.setdefault(package, set()).update(
            _packages_imported(path) - {package}
        )

    graphlib.TopologicalSorter(graph).prepare()


def test_no_circles_between_modules():
    modules = {
        _module_name(path)
        for path in _LIBRARY_FILES
        # A package's own docstring file is no dependency on it.
        if path.name != "__init__.py"
    }
    graph = {
        module: _GRAPH.find_modules_directly_imported_by(module) & modules
        for module in modules
    }

    graphlib.TopologicalSorter(graph).prepare()


@_each(
    [
        path
        for path in _LIBRARY_FILES
        if _package(_module_name(path)) in ("networks", "perception", "losses")
        and path
        not in (
            # Where TensorFlow is the point.
            _LIBRARY / "perception" / "hub_depth.py",
            _LIBRARY / "networks" / "tensorflow_kernels.py",
        )
    ]
)
def test_networks_perception_and_losses_know_no_tensorflow(path):
    assert not _imports(path) & {"tensorflow", "tensorflow_hub", "tf_keras"}


@_each(_LIBRARY_FILES)
def test_flags_are_only_in_tools(path):
    assert "absl" not in _imports(path)


@_each(
    [
        path
        for path in _LIBRARY_FILES
        if path.name == "__init__.py" and path.parent != _LIBRARY
    ]
)
def test_a_package_imports_nothing_by_itself(path):
    assert not _imports(path)


@_each(_ALL_FILES)
def test_a_file_says_in_its_name_what_it_holds(path):
    names = set(path.relative_to(_ROOT).with_suffix("").parts)

    assert not names & {"utils", "helpers", "common", "misc"}


@_each(_ALL_FILES)
def test_no_file_is_over_400_lines(path):
    assert len(path.read_text(encoding="utf-8").splitlines()) <= 400


def _public_functions(path: pathlib.Path):
    """(qualified name, node) of every public function and method."""
    tree = ast.parse(path.read_text(encoding="utf-8"))
    places = [("", tree)]
    places += [
        (f"{node.name}.", node)
        for node in tree.body
        if isinstance(node, ast.ClassDef) and not node.name.startswith("_")
    ]
    for prefix, place in places:
        for node in place.body:
            if isinstance(node, ast.FunctionDef):
                if not node.name.startswith("_") or node.name == "__call__":
                    yield f"{prefix}{node.name}", node


@_each([*_LIBRARY_FILES, *_TOOL_FILES])
def test_public_functions_are_fully_annotated(path):
    for name, node in _public_functions(path):
        arguments = [
            *node.args.posonlyargs,
            *node.args.args,
            *node.args.kwonlyargs,
            *filter(None, (node.args.vararg, node.args.kwarg)),
        ]
        bare = [
            argument.arg
            for argument in arguments
            if argument.annotation is None and argument.arg not in _SELF
        ]
        assert not bare and node.returns is not None, name


_SELF = ("self", "cls")


# They configure objects of other libraries, or layers of their own package.
_SETTERS = {
    "settings.py",
    "content/tfds_coco.py",
    "exporting/reproducible.py",
    "exporting/saved_model.py",
    "exporting/tflite.py",
    "images/files.py",
    "networks/image_transformation.py",
    "networks/onnx_graph.py",
    "serving/client.py",
    "stylization/segments.py",
    "stylization/sound.py",
    "stylization/video.py",
}


@_each(_LIBRARY_FILES)
def test_no_attribute_is_set_of_anything_but_self(path):
    """An object's state is its own: others call a method of it."""
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Attribute) and isinstance(node.ctx, ast.Store):
            owner = ast.unparse(node.value)
            is_self = owner == "self" or owner.startswith("self.")
            known = path.relative_to(_LIBRARY).as_posix() in _SETTERS
            assert is_self or known, ast.unparse(node)


def test_the_walk_to_the_depth_loss_is_as_contributing_says():
    text = (_ROOT / "CONTRIBUTING.md").read_text(encoding="utf-8")
    walk = re.findall(r"^\d\. `(\S+)`: (.*)$", text, re.MULTILINE)

    assert 3 <= len(walk) <= 6
    assert "train" in walk[0][1] and "depth" in walk[-1][0]
    for file, says in walk:
        source = (_ROOT / file).read_text(encoding="utf-8")
        for name in re.findall(r"`([^`]+)`", says):
            assert name in source, (file, name)


def test_importing_the_package_takes_no_time():
    program = (
        # Processor time: on a busy machine all else takes long, too.
        "import time; t = time.process_time(); import fast_depth_style as fds;"
        "import sys; print(time.process_time() - t);"
        "assert not {'numpy', 'keras', 'tensorflow', 'PIL'} & {*sys.modules};"
        "assert {*fds.__all__} <= {*dir(fds)}"
    )
    run = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True
    )

    assert run.returncode == 0, run.stderr
    assert float(run.stdout) < 0.1


def test_everything_public_is_there():
    import fast_depth_style as fds

    for name in fds.__all__:
        assert getattr(fds, name).__doc__
    with pytest.raises(AttributeError, match="paint"):
        fds.paint  # noqa: B018
