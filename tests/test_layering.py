"""The rules of the house, read from the sources themselves."""

import ast
import configparser
import functools
import graphlib
import importlib.metadata
import pathlib
import re
import sys

import pytest

_ROOT = pathlib.Path(__file__).resolve().parents[1]
_NAME = "fast_depth_style"
_LIBRARY = _ROOT / _NAME
_LOWER = {"images", "content", "networks", "perception", "losses"}
_UPPER = {
    "benchmarking",
    "demo",
    "distillation",
    "evaluation",
    "optimization",
    "reproduction",
    "serving",
    "stylization",
    "training",
}
_LIBRARY_FILES = sorted(_LIBRARY.rglob("*.py"))
_TOOL_FILES = sorted((_ROOT / "tools").rglob("*.py"))
_ALL_FILES = [
    *_LIBRARY_FILES,
    *_TOOL_FILES,
    *sorted((_ROOT / "tests").rglob("*.py")),
]


def _module_name(path: pathlib.Path) -> str:
    """Returns the dotted name under which the file at `path` is imported."""
    parts = path.relative_to(_ROOT).with_suffix("").parts
    if parts[0] == "tools":
        parts = (_NAME, *parts)
    return ".".join(parts).removesuffix(".__init__")


def _imports(source: str, module: str) -> set[str]:
    """Returns every dotted name that a source imports, anywhere in it.

    `from a import b` counts as `a.b`, which may be a module or a name in one.
    """
    found = set()
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            origin = node.module or ""
            if node.level:
                parents = module.split(".")[: -node.level]
                origin = ".".join([*parents, *filter(None, [node.module])])
            found |= {f"{origin}.{alias.name}" for alias in node.names}
    return found


@functools.cache
def _file_imports(path: pathlib.Path) -> set[str]:
    return _imports(path.read_text(encoding="utf-8"), _module_name(path))


def _starts(name: str, *prefixes: str) -> bool:
    return any(f"{name}.".startswith(f"{prefix}.") for prefix in prefixes)


def _package(module: str) -> str | None:
    """Returns `losses` for `fast_depth_style.losses.style`."""
    parts = module.split(".")
    if len(parts) > 1 and parts[0] == _NAME:
        return parts[1]
    return None


def _packages_imported(path: pathlib.Path) -> set[str]:
    return {_package(name) for name in _file_imports(path)} - {None}


def _id(path: pathlib.Path) -> str:
    return str(path.relative_to(_ROOT))


def _each(files):
    return pytest.mark.parametrize("path", files, ids=_id)


def test_the_reader_of_imports_sees_every_kind():
    source = """
import a.b
def f():
    from c import d as e
    from . import near
    from ..far import g
"""

    assert _imports(source, "top.package.module") == {
        "a.b",
        "c.d",
        "top.package.near",
        "top.far.g",
    }


@functools.cache
def _setup() -> configparser.ConfigParser:
    setup = configparser.ConfigParser()
    setup.read(_ROOT / "setup.cfg")
    return setup


def test_every_package_has_its_place():
    packages = {path.parent.name for path in _LIBRARY.glob("*/__init__.py")}

    assert packages <= _LOWER | _UPPER


def test_every_package_is_installed():
    packages = {
        _module_name(path)
        for path in [*_LIBRARY_FILES, *_TOOL_FILES]
        if path.name == "__init__.py"
    }

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

    for name in {name.partition(".")[0] for name in _file_imports(path)}:
        if name not in sys.stdlib_module_names and name != _NAME:
            found = origins.get(name, [name])
            assert {_distribution(each) for each in found} & required


# It reads the records of everything that is installed.
_origins = functools.cache(importlib.metadata.packages_distributions)


def _distribution(name: str) -> str:
    return name.lower().replace("-", "_")


@_each([path for path in _LIBRARY_FILES if _package(_module_name(path))])
def test_imports_run_one_way(path):
    imported = _packages_imported(path)
    package = _package(_module_name(path))

    assert "tools" not in imported
    if package not in _UPPER:
        assert not imported & _UPPER
    if package in ("images", "content"):
        assert not imported & {"networks", "perception", "losses"}


def test_no_circles_between_packages():
    graph = {}
    for path in _LIBRARY_FILES:
        package = _package(_module_name(path))
        graph.setdefault(package, set()).update(
            _packages_imported(path) - {package}
        )

    graphlib.TopologicalSorter(graph).prepare()


def test_no_circles_between_modules():
    modules = {_module_name(path): path for path in _LIBRARY_FILES}
    graph = {
        module: {
            other
            for other in modules
            if other != module
            and any(
                name == other or name.rpartition(".")[0] == other
                for name in _file_imports(path)
            )
            # A package's own docstring file is no dependency on it.
            and modules[other].name != "__init__.py"
        }
        for module, path in modules.items()
    }

    graphlib.TopologicalSorter(graph).prepare()


@_each(
    [
        path
        for path in _LIBRARY_FILES
        if _package(_module_name(path)) in ("networks", "perception", "losses")
        and path != _LIBRARY / "perception" / "hub_depth.py"
    ]
)
def test_networks_perception_and_losses_know_no_tensorflow(path):
    assert not [
        name
        for name in _file_imports(path)
        if _starts(name, "tensorflow", "tensorflow_hub", "tf_keras")
    ]


@_each(_LIBRARY_FILES)
def test_flags_are_only_in_tools(path):
    assert not [
        name
        for name in _file_imports(path)
        if _starts(name, "absl.flags", "absl.app")
    ]


@_each([path for path in _LIBRARY_FILES if path.name == "__init__.py"])
def test_a_package_imports_nothing_by_itself(path):
    assert not _file_imports(path)


@_each(_ALL_FILES)
def test_a_file_says_in_its_name_what_it_holds(path):
    names = set(path.relative_to(_ROOT).with_suffix("").parts)

    assert not names & {"utils", "helpers", "common", "misc"}


@_each(_ALL_FILES)
def test_no_file_is_over_400_lines(path):
    assert len(path.read_text(encoding="utf-8").splitlines()) <= 400


def _has_functions(path: pathlib.Path) -> bool:
    nodes = ast.walk(ast.parse(path.read_text(encoding="utf-8")))
    return any(isinstance(node, ast.FunctionDef) for node in nodes)


@_each([path for path in _LIBRARY_FILES if _has_functions(path)])
def test_every_file_with_code_has_its_test(path):
    inside = path.relative_to(_LIBRARY)
    test = _ROOT / "tests" / inside.parent / f"test_{inside.name}"

    assert test.is_file()
