import re
import time

from fast_depth_style.training.progress import Progress


class _Objective:
    def shares(self, terms, step):
        # The depth term comes in at step 102.
        return {"style": 0.25, "depth": 0.75 if step >= 101 else 0.0}


def test_the_line_tells_everything_from_the_first_step(capsys):
    progress = Progress(100, 200, batch_size=4, objective=_Objective())

    progress.on_train_batch_end(0, {"loss": 12.3456})
    first = capsys.readouterr().err.rpartition("\r")[2]
    time.sleep(0.2)
    progress.on_train_batch_end(1, {"loss": 12.3456})
    time.sleep(0.2)
    progress.on_train_batch_end(2, {"loss": 12.3456})
    progress.close()
    last = capsys.readouterr().err.rpartition("\r")[2]

    assert "loss 12.35, style 25%, depth 0%" in first
    assert re.search(r"103/200 \[\d\d:\d\d<\d", last)
    assert re.search(r"[\d.]+ images/s, loss 12.35, style 25%, depth 75%", last)
    assert last.endswith("\n")


def test_it_may_be_closed_twice(capsys):
    progress = Progress(0, 2, batch_size=1, objective=_Objective())
    progress.on_train_batch_end(0, {"loss": 1.0})

    progress.close()
    progress.close()

    assert capsys.readouterr().err.count("\n") == 1
