import tensorflow as tf

from fast_depth_style.training.tensorboard import TensorBoardLog


class _Objective:
    def shares(self, terms, step):
        return {"style": step / 100}


def _events(folder):
    """{(step, tag): value}, of all files in a folder."""
    return {
        (event.step, value.tag): float(tf.make_ndarray(value.tensor))
        for path in folder.iterdir()
        for event in tf.compat.v1.train.summary_iterator(str(path))
        for value in event.summary.value
    }


def test_steps_are_those_of_the_whole_run(tmp_path):
    log = TensorBoardLog(tmp_path, 17, _Objective())
    for batch in range(5):
        log.on_train_batch_end(batch, {"loss": float(batch), "style": 2.0})

    # Readable before the end. The first step, then every tenth of the run.
    events = _events(tmp_path)

    assert {step for step, _ in events} == {18, 20}
    assert {tag for _, tag in events} == {"loss", "style", "share/style"}
    assert events[20, "loss"] == 2.0
    assert round(events[20, "share/style"], 6) == 0.19
    log.on_train_end()
