"""The network here has the variables of keras.applications.MobileNetV2 at each width that it offers."""

import sys

import tensorflow as tf
from network import Network


def shapes(values):
    return sorted(tuple(value.shape) for value in values)


def main():
    failed = 0
    for alpha in (0.35, 0.5, 0.75, 1.0, 1.3, 1.4):
        theirs = tf.keras.applications.MobileNetV2(
            input_shape=(96, 96, 3), include_top=False, weights=None, alpha=alpha
        )
        ours = Network(True, False, alpha).model((96, 96, 3), 10)
        same = shapes(theirs.weights) == shapes(value for layer in ours.layers[:-1] for value in layer.weights)
        failed += not same
        print(f"alpha {alpha}: {theirs.count_params()} parameters: {'same' if same else 'FAILED'}")
    sys.exit(failed > 0)


main()
