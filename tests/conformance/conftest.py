"""What the requests of the verbs' registry name."""

import pytest
from verbs import write_material


@pytest.fixture
def folder(tmp_path, small_model, styled_model, monkeypatch):
    """The material, in a folder below the current one."""
    write_material(tmp_path / "material", small_model, styled_model)
    monkeypatch.chdir(tmp_path)
    return tmp_path / "material"
