"""Muon for convolution kernels."""

import keras
from keras import ops


class KernelMuon(keras.optimizers.Muon):
    """Muon (Jordan 2024) for convolution kernels, Adam for all else.

    A kernel is a matrix from patches to channels; Keras's own Muon leaves
    everything but matrices to Adam.
    """

    def _should_use_adamw(self, variable):
        return len(variable.shape) != 4

    def _muon_update_step(self, gradient, variable, lr, m):
        self.assign_add(m, gradient + m * (self.momentum - 1))
        direction = gradient + self.momentum * m
        matrix = ops.reshape(direction, (-1, direction.shape[-1]))
        update = self.zeropower_via_newtonschulz5(matrix, self.ns_steps)
        update = self.lr_adjust(lr * update)
        self.assign_sub(variable, ops.reshape(update, variable.shape))
