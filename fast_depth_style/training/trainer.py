"""The custom training step, under TensorFlow and under JAX."""

from typing import Any

import keras
from keras import backend

from fast_depth_style.networks.image_transformation import (
    ImageTransformationNetwork,
)
from fast_depth_style.objective import Objective
from fast_depth_style.runs.checkpoint import named
from fast_depth_style.training.styles import PaintingGrams


class StyleTrainer(keras.Model):
    """Trains an image transformation network on an objective, by `fit`.

    The model's call is the whole forward pass, photos to terms, so that both
    backends differentiate the same function; `train_step` is only what each
    backend needs around it.
    """

    def __init__(
        self,
        network: ImageTransformationNetwork,
        objective: Objective,
        grams: PaintingGrams,
        teacher: ImageTransformationNetwork | None = None,
    ):
        """Takes a built network, the paintings' Gram matrices and a teacher.

        A teacher has the network's styles, or paints in its first.
        """
        super().__init__()
        self.network = network
        self.grams = grams
        self.teacher = teacher
        self.objective = objective
        self.built = True

    def call(
        self, photos: Any, styles: Any, dials: Any, step: Any
    ) -> dict[str, Any]:
        """The unweighted terms of a batch after `step` steps.

        The photos are (batch, height, width, 3) float32 RGB in 0..255; styles
        and dials are those of `styles.draw`.
        """
        pictures = self.network.stylize_crop(
            photos, self.network.vectors(styles, dials)
        )
        taught = None
        if self.teacher is not None:
            vectors = None
            if len(self.teacher.styles) > 1 or self.teacher.dials:
                vectors = self.teacher.vectors(styles, dials)
            taught = self.teacher.stylize_crop(photos, vectors)
        targets = self.objective.targets(
            photos, step, self.grams(styles, dials), taught
        )
        return self.objective(pictures, targets, step)

    def state(self) -> dict[str, Any]:
        """{name: variable} of everything that a checkpoint keeps."""
        return named("network", self.network.variables) | named(
            "optimizer", self.optimizer.variables
        )

    def train_step(self, *arguments: Any) -> Any:
        """One step of `fit`; returns the loss and the unweighted terms."""
        if backend.backend() == "jax":
            return self._jax_step(*arguments)
        return self._tensorflow_step(*arguments)

    def _tensorflow_step(self, data):
        import tensorflow as tf

        replicas = tf.distribute.get_strategy().num_replicas_in_sync
        step = tf.convert_to_tensor(self.optimizer.iterations)
        with tf.GradientTape() as tape:
            terms = self(*data, step)
            loss = self.objective.total(terms, step)
        variables = self.network.trainable_variables
        # The optimizer sums over replicas, each of which sees a part of the
        # batch.
        gradients = tape.gradient(loss, variables)
        if replicas > 1:
            gradients = [g / replicas for g in gradients]
        self.optimizer.apply(gradients, variables)
        if replicas > 1:
            context = tf.distribute.get_replica_context()
            mean = tf.distribute.ReduceOp.MEAN
            loss, terms = context.all_reduce(mean, (loss, terms))
        return {"loss": loss, **terms}

    def _jax_step(self, state, data):
        import jax

        trainable, frozen, optimizer_state, metrics = state
        step = optimizer_state[0]  # its first variable: the iterations

        def loss_and_terms(trainable):
            terms, _ = self.stateless_call(trainable, frozen, *data, step)
            return self.objective.total(terms, step), terms

        (loss, terms), gradients = jax.value_and_grad(
            loss_and_terms, has_aux=True
        )(trainable)
        trainable, optimizer_state = self.optimizer.stateless_apply(
            optimizer_state, gradients, trainable
        )
        state = (trainable, frozen, optimizer_state, metrics)
        return {"loss": loss, **terms}, state
