from fast_depth_style.evaluation.settings import EvaluationSettings

_ASKED = {"models": ("m",), "style": "a.jpg", "depth_network": ("compact",)}


def test_layers_are_the_networks_own_where_none_are_given():
    plain = EvaluationSettings(**_ASKED, output="out")
    other = EvaluationSettings(
        **_ASKED,
        output="out",
        perceptual_network="squeezenet:a.h5",
        content_layer="fire4",
    )

    assert plain.content_layer == "relu3_1"
    assert other.style_layers[0] == "conv1" and other.content_layer == "fire4"
