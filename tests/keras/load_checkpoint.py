#!/usr/bin/env python3
"""Load a Lockstep checkpoint into the article's own Keras model and compare its logits with Lockstep's.

    load_checkpoint.py CHECKPOINT.weights.h5 DUMP.h5 [--experiment bn|l2|bn_l2] [--tolerance T]

DUMP.h5 is what `lockstep eval --dump` writes: /images (N, H, W, 3) float32, as the network sees them, and /logits
(N, classes). The checkpoint is loaded twice: under its own name, for which Keras 3 expects its own layout, and as a
copy whose name ends in `.h5` alone, for which it expects the legacy layout. Each time every variable must come back
with the same bits, and the largest difference of logits, divided by the largest logit, must be within the tolerance.
Exit status: 0 all good, 1 a difference, 2 wrong usage.
"""
import argparse
import os
import shutil
import sys
import tempfile

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
os.environ.setdefault("CUDA_VISIBLE_DEVICES", "-1")

import h5py
import numpy as np
import tensorflow as tf

L2 = 0.001

# filters (a sixth of the expanded channels), output channels, stride, shortcut
BLOCKS = [
    (16, 24, 2, False), (24, 24, 1, True),
    (24, 32, 2, False), (32, 32, 1, True), (32, 32, 1, True),
    (32, 64, 2, False), (64, 64, 1, True), (64, 64, 1, True), (64, 64, 1, True),
    (64, 96, 1, False), (96, 96, 1, True), (96, 96, 1, True),
    (96, 160, 2, False), (160, 160, 1, True), (160, 160, 1, True),
    (160, 320, 1, False),
]  # fmt: skip


class Network:
    """The article's MobileNetV2: with batch normalization, with L2 regularizers, or with both."""

    def __init__(self, batch_norm, l2):
        self.batch_norm = batch_norm
        self.regularizer = tf.keras.regularizers.l2(L2) if l2 else None

    def norm(self, net):
        return tf.keras.layers.BatchNormalization()(net) if self.batch_norm else net

    def conv(self, net, channels, size=1, strides=1):
        net = tf.keras.layers.Conv2D(channels, size, strides, use_bias=False, padding="same",
                                     kernel_regularizer=self.regularizer)(net)
        return self.norm(net)

    def depthwise(self, net, strides=1, padding="same"):
        net = tf.keras.layers.DepthwiseConv2D(3, strides=strides, use_bias=False, padding=padding,
                                              depthwise_regularizer=self.regularizer)(net)
        return self.relu6(self.norm(net))

    @staticmethod
    def relu6(net):
        return tf.keras.layers.ReLU(max_value=6)(net)

    def bottleneck(self, net, filters, channels, strides, shortcut):
        start = net
        net = self.relu6(self.conv(net, filters * 6))
        if strides == 2:
            net = tf.keras.layers.ZeroPadding2D(padding=((0, 1), (0, 1)))(net)
        net = self.depthwise(net, strides, "valid" if strides == 2 else "same")
        net = self.conv(net, channels)
        return tf.keras.layers.Add()([net, start]) if shortcut else net

    def model(self, shape, classes):
        start = tf.keras.layers.Input(shape=shape)
        net = self.relu6(self.conv(start, 32, 3, 2))
        net = self.depthwise(net)
        net = self.conv(net, 16)
        for filters, channels, strides, shortcut in BLOCKS:
            net = self.bottleneck(net, filters, channels, strides, shortcut)
        net = self.relu6(self.conv(net, 1280))
        net = tf.keras.layers.GlobalAveragePooling2D()(net)
        net = tf.keras.layers.Dense(classes, kernel_regularizer=self.regularizer,
                                    bias_regularizer=self.regularizer)(net)
        return tf.keras.Model(inputs=[start], outputs=[net])


def stored_variables(path):
    """All variables of a checkpoint, in table order, and whether its network has batch normalization and L2."""
    with h5py.File(path, "r") as file:
        group = file["lockstep"]
        values = [file[name][...] for name in group["tensors"].asstr()[...]]
        return values, int(group.attrs["batch_norm"]) == 1, group["experiment"].asstr()[0]


def check(model, path, expected, images, logits, tolerance):
    """Load path into model; True when variables and logits are right."""
    model.load_weights(path)
    # Keras lists trainable variables of a layer first, which is the order of creation in every layer here.
    loaded = [value for layer in model.layers for value in layer.get_weights()]
    wrong = sum(not np.array_equal(a, b.astype(np.float32)) for a, b in zip(loaded, expected, strict=True))
    ours = model.predict(images, batch_size=16, verbose=0)
    difference = float(np.max(np.abs(ours.astype(np.float64) - logits)))
    largest = float(np.max(np.abs(logits)))
    relative = difference / largest if largest > 0 else difference
    good = wrong == 0 and np.all(np.isfinite(ours)) and relative <= tolerance
    print(f"{os.path.basename(path)}: {len(loaded)} variables, {wrong} differ; {len(images)} images, logits differ by "
          f"{difference:.3g} at most, {relative:.3g} of the largest: {'good' if good else 'WRONG'}")
    return good


def main():
    parser = argparse.ArgumentParser(description="Load a Lockstep checkpoint into Keras and compare logits.")
    parser.add_argument("checkpoint")
    parser.add_argument("dump")
    parser.add_argument("--experiment", choices=["bn", "l2", "bn_l2"], help="default: what the checkpoint says")
    parser.add_argument("--tolerance", type=float, default=1e-5)
    args = parser.parse_args()

    with h5py.File(args.dump, "r") as file:
        images = file["images"][...].astype(np.float32)
        logits = file["logits"][...].astype(np.float64)
    expected, batch_norm, experiment = stored_variables(args.checkpoint)
    if args.experiment is not None:
        batch_norm = args.experiment != "l2"
        experiment = args.experiment
    network = Network(batch_norm, l2="l2" in experiment)
    print(f"TensorFlow {tf.__version__}, Keras {tf.keras.__version__}; experiment {experiment}")

    good = True
    with tempfile.TemporaryDirectory() as folder:
        for name in ("checkpoint.weights.h5", "checkpoint.h5"):
            tf.keras.backend.clear_session()
            path = os.path.join(folder, name)
            shutil.copyfile(args.checkpoint, path)
            model = network.model(images.shape[1:], logits.shape[1])
            good = check(model, path, expected, images, logits, args.tolerance) and good
    return 0 if good else 1


if __name__ == "__main__":
    sys.exit(main())
