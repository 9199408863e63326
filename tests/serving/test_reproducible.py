import numpy as np
import tensorflow as tf

from fast_depth_style.serving.reproducible import make_reproducible


def _save(folder):
    root = tf.Module()
    root.weights = [tf.Variable([1.0, 2.0], name="weights")]

    def function(x):
        doubled = tf.map_fn(lambda row: row + root.weights[0], x)
        return tf.cond(tf.reduce_sum(x) > 0, lambda: doubled, lambda: -doubled)

    graph = tf.function(
        function, input_signature=[tf.TensorSpec((None, 2), name="x")]
    )
    tf.saved_model.save(
        root, folder, signatures={"run": graph.get_concrete_function()}
    )


def _files(folder):
    return {
        path.relative_to(folder): path.read_bytes()
        for path in folder.rglob("*")
        if path.is_file()
    }


def test_a_model_saved_twice_is_the_same_and_works(tmp_path):
    first, second = tmp_path / "first", tmp_path / "second"
    _save(str(first))
    _save(str(second))
    assert _files(first) != _files(second)
    make_reproducible(first)
    make_reproducible(second)
    assert _files(first) == _files(second)
    assert len(_files(first)) == 4

    model = tf.saved_model.load(str(first))
    x = np.float32([[1, 2], [3, 4]])
    for sign in (1, -1):
        (got,) = model.signatures["run"](x=tf.constant(sign * x)).values()
        expected = sign * (sign * x + [1, 2])
        np.testing.assert_array_equal(got, expected)
    fingerprint = tf.saved_model.experimental.read_fingerprint(str(first))
    assert fingerprint.saved_model_checksum > 0
