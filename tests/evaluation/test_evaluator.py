import numpy as np

from fast_depth_style.evaluation.evaluator import Sample, find_evaluators


def test_a_network_runs_once_for_all_who_ask(photo, brightness):
    judge = brightness()
    sample = Sample(photo, np.stack([255 - photo, photo]))
    first = sample.outputs(judge)["depth"]
    assert sample.outputs(judge)["depth"] is first
    assert judge.calls == 1


def test_outputs_are_in_order_of_the_models(photo, brightness):
    judge = brightness()
    pictures = np.stack([255 - photo, photo, photo // 2, photo])
    found = Sample(photo, pictures).outputs(judge)["depth"]
    assert found.shape == (5, 16, 16)
    for one, picture in zip(found, [photo, *pictures], strict=True):
        expected = judge(picture[None].astype("float32"))[0]
        np.testing.assert_allclose(one, expected, rtol=1e-6)


def test_outputs_of_several_layers(photo, perceptual):
    sample = Sample(photo, (255 - photo)[None])
    found = sample.outputs(perceptual)
    expected = perceptual(np.stack([photo, 255 - photo]).astype("float32"))
    assert set(found) == {"relu1_1", "relu2_1"}
    for layer, features in found.items():
        np.testing.assert_allclose(features, expected[layer], rtol=1e-6)


def test_every_family_is_found(make_context, brightness):
    judges = {"one": brightness(), "two": brightness()}
    context = make_context(measured=True, **judges)
    families = [type(e).__name__ for e in find_evaluators(context)]
    assert families == [
        "ContentMetrics",
        "DepthMetrics",
        "DepthMetrics",
        "MeasuredDepthMetrics",
        "MeasuredDepthMetrics",
        "ObjectiveMetrics",
        "StyleMetrics",
    ]


def test_every_family_keeps_its_word(make_context, brightness, photo):
    context = make_context(measured=True, judge=brightness())
    measured = np.full((32, 32), np.nan, "float32")
    measured[4:] = np.linspace(1, 5, 28)[:, None]
    measured[14:26, 12:24] = 8
    sample = Sample(photo, np.stack([255 - photo, photo]), measured)
    names = []
    for evaluator in find_evaluators(context):
        for values in evaluator.measure(sample):
            assert list(values) == [m.name for m in evaluator.metrics]
            assert np.isfinite(list(values.values())).all()
        names += [metric.name for metric in evaluator.metrics]
    assert len(names) == len(set(names))
