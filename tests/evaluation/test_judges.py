import pytest

from fast_depth_style.errors import RequestError
from fast_depth_style.evaluation.judges import load_judges, relation_to


@pytest.mark.parametrize(
    "judge, teachers, relation",
    [
        ("compact", (), ""),
        ("compact", ("none",), "independent"),
        ("compact", ("compact",), "teacher"),
        ("compact", ("hub:x", "fast_depth:a.npz"), "related"),
        ("fast_depth:a.npz", ("compact",), "related"),
        ("fast_depth:a.npz", ("fast_depth",), "teacher"),
        ("fcrn:a.npz", ("fast_depth", "compact"), "independent"),
        ("compact", ("fcrn",), "independent"),
        ("hub:x", ("hub:x",), "teacher"),
        ("hub:x", ("hub:y",), "independent"),
    ],
)
def test_who_taught(judge, teachers, relation):
    assert relation_to(judge, teachers) == relation


def test_judges_of_one_kind_are_told_apart():
    judges = load_judges(("compact", "compact"), ("fast_depth",))
    assert [judge.name for judge in judges] == ["compact", "compact-2"]
    assert judges[1].title == "compact-2, related"


@pytest.mark.parametrize(
    "specs, teachers, message",
    [
        ((), (), "names no judge"),
        (("none",), (), "--depth_network=none"),
        (("compact",), ("fastdepth",), "--teachers=fastdepth"),
    ],
)
def test_wrong_requests(specs, teachers, message):
    with pytest.raises(RequestError, match=message):
        load_judges(specs, teachers)
