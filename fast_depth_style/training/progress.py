"""One line that says how far a run is and what it is working on."""

import keras
import tqdm


class Progress(keras.callbacks.Callback):
    """Steps done, ETA, images per second and each term's share of the loss."""

    def __init__(self, start: int, steps: int, batch_size: int, objective):
        """Creates the line.

        Args:
            start: Steps done so far.
            steps: Steps of the whole run.
            batch_size: Photos per step.
            objective: Gives the shares.
        """
        super().__init__()
        self._batch_size = batch_size
        self._objective = objective
        self._bar = tqdm.tqdm(
            total=steps, initial=start, unit="step", dynamic_ncols=True
        )

    def on_train_batch_end(self, batch, logs=None):
        """Moves on by one step."""
        rate = self._bar.format_dict["rate"]
        parts = [f"{self._batch_size * rate:.1f} images/s"] if rate else []
        parts.append(f"loss {float(logs['loss']):.4g}")
        parts += [
            f"{name} {share:.0%}"
            for name, share in self._objective.shares(logs, self._bar.n).items()
        ]
        self._bar.set_postfix_str(", ".join(parts), refresh=batch == 0)
        self._bar.update()

    def close(self):
        """Ends the line; whatever ended the run."""
        self._bar.close()
