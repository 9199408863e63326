import numpy as np
import pytest
import tensorflow as tf

from fast_depth_style.serving.warmup import write_warmup

apis = pytest.importorskip("tensorflow_serving.apis.prediction_log_pb2")


def test_the_requests_are_what_tensorflow_serving_reads(tmp_path):
    picture = np.arange(300 * 3, dtype=np.uint8).reshape(1, 30, 10, 3)
    path = write_warmup(
        tmp_path,
        {
            "serving_default": {"image": picture},
            "encoded": {"image_bytes": tf.constant([b"abc"])},
            "flat": {
                "image": tf.make_tensor_proto(7, "uint8", (2, 3)),
                "more": tf.constant(1.5),
            },
        },
    )
    assert path == tmp_path / "assets.extra" / "tf_serving_warmup_requests"
    requests = []
    for record in tf.data.TFRecordDataset(str(path)):
        log = apis.PredictionLog.FromString(record.numpy())
        assert log.WhichOneof("log_type") == "predict_log"
        requests.append(log.predict_log.request)
        # Nothing that this version does not know.
        assert log.SerializeToString(deterministic=True) == record.numpy()
    found = {
        request.model_spec.signature_name: {
            name: tf.make_ndarray(value)
            for name, value in request.inputs.items()
        }
        for request in requests
    }
    assert [*found] == ["serving_default", "encoded", "flat"]
    np.testing.assert_array_equal(found["serving_default"]["image"], picture)
    assert found["encoded"]["image_bytes"].tolist() == [b"abc"]
    np.testing.assert_array_equal(
        found["flat"]["image"], np.full((2, 3), 7, np.uint8)
    )
    assert found["flat"]["more"] == 1.5
