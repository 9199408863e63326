import threading
import time

import pytest
import tensorflow as tf

from fast_depth_style.serving.client import ModelNotFound, ServerError, connect
from fast_depth_style.serving.server_check import (
    CLIENTS,
    Check,
    Latency,
    Report,
    check_server,
)

_PATIENCE = 600  # Seconds; a slow machine traces for long.
_SIZES = ((48, 40), (51, 33))


def _check(address, model="wave", requests=3):
    return check_server(
        lambda: connect(address, _PATIENCE), model, _SIZES, requests
    )


@pytest.mark.parametrize("kind", ["rest", "grpc"])
def test_a_good_server_passes(server, kind):
    seen = []
    report = check_server(
        lambda: connect(getattr(server, kind), _PATIENCE),
        "wave",
        _SIZES,
        3,
        lambda trials: (seen.append(trial[0]) or trial for trial in trials),
    )

    assert report.failures == 0, report.table()
    assert [check.name for check in report.checks] == seen
    assert [(each.clients, each.size) for each in report.latencies] == [
        (clients, size) for clients in (1, CLIENTS) for size in _SIZES
    ]
    for each in report.latencies:
        assert len(each.seconds) == 3 and min(each.seconds) > 0


def _save(module, folder, **functions):
    tf.saved_model.save(module, str(folder), signatures=functions)
    return folder


def test_a_careless_server_fails(server, tmp_path):
    """Answers whatever comes, with colours in the wrong order."""
    module = tf.Module()
    shape = (None, None, None, 3)
    module.paint = tf.function(
        lambda image: {"stylized_image": image[..., ::-1]},
        input_signature=[tf.TensorSpec(shape, "uint8", "image")],
    )

    def paint(image_bytes):
        png = tf.io.encode_png(tf.ones((40, 48, 3), tf.uint8))
        return {"stylized_image_bytes": tf.fill(tf.shape(image_bytes), png)}

    module.encoded = tf.function(
        paint, input_signature=[tf.TensorSpec((None,), "string", "image_bytes")]
    )
    folder = _save(
        module,
        tmp_path / "careless",
        serving_default=module.paint,
        encoded=module.encoded,
    )
    server.add("careless", folder)

    report = _check(server.rest, "careless")

    failures = {c.name: c.failure for c in report.checks if c.failure}
    assert "differ by" in failures["serving_default and encoded agree on 48x40"]
    assert (
        "40x48x3, not the size of the picture"
        in (failures["serving_default and encoded agree on 51x33"])
    )
    assert failures["text is refused and does no harm"] == "it was answered"
    assert "one client" in failures
    # The server itself knows the types; no model is asked.
    assert "a picture of fractions is refused and does no harm" not in failures
    assert report.failures == len(failures)


def test_a_server_that_fails_under_load_fails(server):
    busy = threading.Lock()

    def before():
        if not busy.acquire(blocking=False):
            raise tf.errors.FailedPreconditionError(
                None, None, "have different shapes and padding is turned off"
            )
        time.sleep(0.05)
        busy.release()

    server.before = before
    report = _check(server.rest, requests=8)

    (failed,) = [check for check in report.checks if check.failure]
    assert failed.name.startswith(f"{CLIENTS} clients at once")
    assert "different shapes" in failed.failure
    assert {each.clients for each in report.latencies} == {1}


def test_no_server_or_no_model_is_no_report(server):
    with pytest.raises(ModelNotFound):
        _check(server.rest, "sea")
    with pytest.raises(ServerError):
        _check("http://127.0.0.1:1")


def test_the_table_shows_failures_and_percentiles():
    seconds = tuple(index / 1000 for index in range(101))
    report = Report(
        (Check("good"), Check("bad", "it burned")),
        (Latency(16, (640, 480), seconds),),
    )

    assert report.failures == 1
    assert report.table().splitlines() == [
        "ok      good",
        "FAILED  bad: it burned",
        "",
        "clients  picture    requests   p50 ms   p95 ms   p99 ms",
        "     16  640x480         101     50.0     95.0     99.0",
    ]
