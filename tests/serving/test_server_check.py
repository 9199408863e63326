import threading
import time

import pytest
import tensorflow as tf

from fast_depth_style.serving.client import Client
from fast_depth_style.serving.server_check import (
    CLIENTS,
    Report,
    check_server,
)

_PATIENCE = 600  # Seconds; a slow machine traces for long.
_SIZES = ((48, 40), (51, 33))


def _check(address, model="wave", requests=3):
    return check_server(
        lambda: Client(address, _PATIENCE), model, _SIZES, requests
    )


@pytest.mark.parametrize(
    "kind, model", [("rest", "wave"), ("grpc", "wave"), ("rest", "styled")]
)
def test_a_good_server_passes(server, kind, model):
    report = _check(getattr(server, kind), model)

    assert report.failures == 0, report.table()
    assert [*report.latencies] == [
        (clients, size) for clients in (1, CLIENTS) for size in _SIZES
    ]
    for seconds in report.latencies.values():
        assert len(seconds) == 3 and min(seconds) > 0


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
    signatures = {"serving_default": module.paint, "encoded": module.encoded}
    tf.saved_model.save(module, str(tmp_path), signatures=signatures)
    server.add("careless", tmp_path)

    report = _check(server.rest, "careless")

    failures = {name: why for name, why in report.checks.items() if why}
    agree = "serving_default and encoded agree on"
    assert "differ by" in failures[f"{agree} 48x40"]
    assert "48x40 pixels, not 51x33" in failures[f"{agree} 51x33"]
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

    ((name, why),) = [each for each in report.checks.items() if each[1]]
    assert name.startswith(f"{CLIENTS} clients at once")
    assert "different shapes" in why
    assert {clients for clients, _ in report.latencies} == {1}


def test_the_table_shows_failures_and_percentiles():
    seconds = [index / 1000 for index in range(101)]
    report = Report(
        {"good": "", "bad": "it burned"}, {(16, (640, 480)): seconds}
    )

    assert report.failures == 1
    assert report.table().splitlines() == [
        "ok      good",
        "FAILED  bad: it burned",
        "",
        "clients  picture    requests   p50 ms   p95 ms   p99 ms",
        "     16  640x480         101     50.0     95.0     99.0",
    ]
