import numpy as np
import pytest
from PIL import Image

from fast_depth_style.errors import RequestError
from fast_depth_style.evaluation.photo_sets import UnusablePhoto
from fast_depth_style.evaluation.stylizers import load_stylizers


def test_controls_are_always_there(photo):
    found = load_stylizers(["blur"])
    assert [s.label for s in found] == ["blur", "identity"]
    assert all(s.is_control for s in found)
    blurred, same = (s.stylize(photo, "a.png") for s in found)
    np.testing.assert_array_equal(same, photo)
    assert blurred.shape == photo.shape and blurred.dtype == np.uint8
    # The square's rim is gone, the ramp is still there.
    assert abs(int(blurred[8, 14, 0]) - int(blurred[7, 14, 0])) < 10
    assert blurred[30, 16, 0] > blurred[2, 16, 0] + 60


def test_exported_models(small_network, small_model, photo):
    found = load_stylizers([f"mine={small_model}", str(small_model), "s=blur"])
    labels = ["mine", "small", "s", "identity", "blur"]
    assert [s.label for s in found] == labels
    assert [s.is_control for s in found] == [False, False, True, True, True]
    expected = np.clip(small_network(photo[None].astype("float32"))[0], 0, 255)
    made = found[0].stylize(photo, "a.png")
    assert made.dtype == np.uint8
    np.testing.assert_allclose(made, expected, atol=1.0)


def test_styles_and_dials_are_asked_for(styled_network, styled_model, photo):
    spec = f"{styled_model}?style=scream&depth=0.25&stroke=1"
    found = load_stylizers([f"mine={spec}", f"{styled_model}?depth=0"])
    assert [s.label for s in found[:2]] == ["mine", "styled"]
    vectors = styled_network.vectors(
        np.float32([[0, 0, 1]]), np.float32([[0.25, 1]])
    )
    painted = styled_network(photo[None].astype("float32"), vectors)[0]
    made = found[0].stylize(photo, "a.png")
    np.testing.assert_allclose(made, np.clip(painted, 0, 255), atol=1.0)
    for wrong in ("style=monet", "depth=2", "width=1", "depth=x"):
        with pytest.raises(RequestError):
            load_stylizers([f"{styled_model}?{wrong}"])


def test_pictures_that_were_made_before(photo, tmp_path):
    (tmp_path / "made" / "sea").mkdir(parents=True)
    wide = np.pad(255 - photo, ((0, 0), (7, 7), (0, 0)))
    Image.fromarray(wide).save(tmp_path / "made" / "sea" / "a.png")
    Image.fromarray(photo).save(tmp_path / "made" / "0001.v2.png")
    stylizer = load_stylizers([f"pictures:{tmp_path / 'made'}"])[0]
    assert (stylizer.label, stylizer.is_control) == ("made", False)
    for name, expected in (("sea/a.jpg", 255 - photo), ("0001.v2", photo)):
        np.testing.assert_array_equal(stylizer.stylize(photo, name), expected)
    with pytest.raises(UnusablePhoto, match="holds no picture of it"):
        stylizer.stylize(photo, "a.jpg")


@pytest.mark.parametrize(
    "models, message",
    [
        ([], "--models= names no model"),
        (["nowhere"], "nowhere"),
        (["pictures:nowhere"], "nowhere: no such folder"),
        (["a=identity", "a=blur"], "two models are called 'a'"),
        (["blur=identity"], "two models are called 'blur'"),
    ],
)
def test_wrong_requests(models, message):
    with pytest.raises(RequestError, match=message):
        load_stylizers(models)
