#!/usr/bin/env python3
"""Time training steps of the article's MobileNetV2 in Keras on the CPU, by model.fit, as the article trains it.

The network is the article's own, of its third experiment (BatchNorm and L2), as tests/keras/network.py has it; so are
optimizer, loss and metric. Images lie in memory, so nothing is decoded.
"""

import argparse
import pathlib
import sys
import time

sys.path.insert(1, str(pathlib.Path(__file__).resolve().parent.parent / "tests" / "keras"))

from network import Network, tf

import measure


class StepTimer(tf.keras.callbacks.Callback):
    """Seconds of each step of one fit. Keras has the loss on the host when a step ends."""

    def __init__(self):
        super().__init__()
        self.seconds = []
        self.start = 0.0

    def on_train_batch_begin(self, batch, logs=None):
        self.start = time.perf_counter()

    def on_train_batch_end(self, batch, logs=None):
        self.seconds.append(time.perf_counter() - self.start)


def compiled_model(size):
    model = Network(batch_norm=True, l2=True).model((size, size, 3), measure.CLASSES)
    model.compile(
        optimizer=tf.keras.optimizers.SGD(measure.LEARNING_RATE),
        loss=tf.keras.losses.SparseCategoricalCrossentropy(from_logits=True),
        metrics=[tf.keras.metrics.SparseCategoricalAccuracy()],
    )
    return model


def same_batch(args):
    """A data set that gives one batch again and again."""
    images = tf.random.uniform((args.batch, args.size, args.size, 3))
    labels = tf.random.uniform((args.batch,), maxval=measure.CLASSES, dtype=tf.int32)
    return tf.data.Dataset.from_tensors((images, labels)).repeat()


def main():
    parser = argparse.ArgumentParser(description="Time training steps of the article's MobileNetV2 in Keras.")
    measure.add_options(parser)
    args = parser.parse_args()
    measure.check_options(parser, args)

    tf.config.threading.set_intra_op_parallelism_threads(args.threads)
    tf.config.threading.set_inter_op_parallelism_threads(args.threads)
    model = compiled_model(args.size)
    images = same_batch(args)

    def fit(steps):
        timer = StepTimer()
        model.fit(images, steps_per_epoch=steps, verbose=0, callbacks=[timer])
        return timer.seconds

    warm = fit(args.warm_up)
    seconds = fit(measure.steps_within(args.steps, args.seconds, warm[-1]))
    version = f"TensorFlow {tf.__version__}, Keras {tf.keras.__version__}"
    measure.write_result(args, 1, seconds, [measure.peak_rss_bytes()], version)
    return 0


if __name__ == "__main__":
    sys.exit(main())
