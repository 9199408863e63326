"""Blends as text, in Python and in a graph: the same, and refused alike."""

import numpy as np
import pytest
import tensorflow as tf

from fast_depth_style.errors import RequestError
from fast_depth_style.exporting.signatures import parse_blends
from fast_depth_style.networks.blend import parse_blend

_NAMES = ("great_wave", "udnie", "scream")


@pytest.mark.parametrize(
    "text, expected",
    [
        ("udnie", [0, 1, 0]),
        ("great_wave:0.7,udnie:0.3", [0.7, 0.3, 0]),
        (" great_wave : 2 , scream:2", [0.5, 0, 0.5]),
        ("udnie,scream", [0, 0.5, 0.5]),
        ("udnie,udnie,scream:2", [0, 0.5, 0.5]),
        ("scream:.25", [0, 0, 1]),
    ],
)
def test_blends(text, expected):
    np.testing.assert_allclose(parse_blend(text, _NAMES), expected, rtol=1e-6)
    other = tf.constant([text, "udnie"])
    found = tf.function(parse_blends)(other, _NAMES)
    np.testing.assert_allclose(found, [expected, [0, 1, 0]], rtol=1e-6)


@pytest.mark.parametrize(
    "text",
    "|monet|udnie,|udnie:|udnie:x|udnie:0|udnie:-1|udnie:inf|udnie:1:2".split(
        "|"
    ),
)
def test_what_is_no_blend_is_refused_with_the_known_names(text):
    with pytest.raises(RequestError) as refused:
        parse_blend(text, _NAMES)
    assert "\n" not in str(refused.value)
    with pytest.raises(
        tf.errors.InvalidArgumentError, match="great_wave, udnie, scream"
    ):
        tf.function(parse_blends)(tf.constant(["udnie", text]), _NAMES)
