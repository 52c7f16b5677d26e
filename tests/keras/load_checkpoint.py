#!/usr/bin/env python3
"""Load a Lockstep checkpoint into the article's own Keras model and compare what the two compute.

    load_checkpoint.py CHECKPOINT.weights.h5 DUMP.h5 [--keras FILE]... [--data SET.h5] [--evaluation LINE]
                       [--tolerance T] [--double]

DUMP.h5 is what `lockstep eval --dump` writes: /images (N, H, W, 3) float32, as the network sees them, and /logits
(N, classes). The checkpoint is loaded twice: under its own name, for which Keras 3 expects its own layout, and as a
copy whose name ends in `.h5` alone, for which it expects the legacy layout. With --keras, the files named are loaded
instead: what Keras saved and Lockstep read into the checkpoint. Each time must hold:

- every variable has the same bits as in the checkpoint;
- the largest difference of logits, divided by the largest logit, is within the tolerance (1e-5). A network without
  BatchNorm has logits of any order, so that an absolute bound would say nothing;
- both take each image for the same class, unless the two likeliest are closer than the tolerance;
- with --data, the packed data set whose validation images the dump holds: `model.evaluate` finds the accuracy of
  Lockstep's logits, and their cross-entropy plus Keras' own penalties as the loss. With --evaluation, the line that
  `lockstep eval` ends with, also the loss and accuracy there, when the dump has all samples.

With --double, Keras also computes in float64, and the error of both float32 programs against that is told.

Exit status: 0 all good, 1 a difference, 2 wrong usage.
"""

import argparse
import os
import re
import shutil
import sys
import tempfile

from network import dumped, network_of, stored_variables, validation_labels, variables, versions

import numpy as np
import tensorflow as tf


def compare_logits(theirs, ours, tolerance):
    """A description, and whether the logits agree."""
    difference = float(np.max(np.abs(theirs - ours)))
    largest = float(np.max(np.abs(ours)))
    spread = float(np.max(np.ptp(ours, axis=0)))  # how much the images matter
    relative = difference / largest if largest > 0 else difference
    top = np.sort(ours, axis=1)
    close = top[:, -1] - top[:, -2] <= 2 * tolerance * largest
    moved = np.argmax(theirs, axis=1) != np.argmax(ours, axis=1)
    text = (
        f"{len(ours)} images, logits up to {largest:.3g}, over the images {spread:.3g} apart, differ by "
        f"{difference:.3g} at most, {relative:.3g} of the largest; {int(moved.sum())} other classes"
    )
    if moved.any():
        text += f", {int((moved & close).sum())} of them ties"
    return text, bool(np.all(np.isfinite(theirs)) and relative <= tolerance and not np.any(moved & ~close))


def compare_double(network, path, images, classes, ours, theirs):
    """How far Lockstep and Keras in float32 are from Keras in float64."""
    tf.keras.backend.clear_session()
    tf.keras.config.set_floatx("float64")
    model = network.model(images.shape[1:], classes)
    model.load_weights(path)
    exact = model.predict(images.astype(np.float64), batch_size=16, verbose=0)
    tf.keras.config.set_floatx("float32")
    largest = np.max(np.abs(exact))
    errors = [float(np.max(np.abs(logits - exact)) / largest) for logits in (ours, theirs)]
    return f"against float64, of the largest: Lockstep {errors[0]:.3g}, Keras {errors[1]:.3g}"


def cross_entropy(logits, labels):
    shifted = logits - np.max(logits, axis=1, keepdims=True)
    return float(np.mean(np.log(np.sum(np.exp(shifted), axis=1)) - shifted[np.arange(len(labels)), labels]))


def compare_evaluation(model, images, logits, labels, line):
    """As compare_logits, for model.evaluate."""
    loss_of = tf.keras.losses.SparseCategoricalCrossentropy(from_logits=True)
    model.compile(optimizer="sgd", loss=loss_of, metrics=["accuracy"])
    loss, accuracy = model.evaluate(images, labels, batch_size=16, verbose=0)
    penalty = float(sum(float(term) for term in model.losses))
    expected = [(cross_entropy(logits, labels) + penalty, float(np.mean(np.argmax(logits, axis=1) == labels)))]
    text = (
        f"evaluate: loss {loss:.6f} (penalty {penalty:.6f}) acc {accuracy:.6f}, by the dump {expected[0][0]:.6f} "
        f"{expected[0][1]:.6f}"
    )
    figures = re.search(r"samples (\d+) loss (\S+) ce \S+ acc (\S+)", line or "")
    if figures and int(figures[1]) == len(images):
        expected.append((float(figures[2]), float(figures[3])))
        text += f", lockstep eval {figures[2]} {figures[3]}"
    good = all(abs(loss - a) <= 1e-6 + 1e-5 * abs(a) and abs(accuracy - b) <= 1e-6 for a, b in expected)
    return text, good


def check(network, path, expected, dump, labels, args):
    """Load path into a new model; True when all is right."""
    images, logits = dump
    tf.keras.backend.clear_session()
    model = network.model(images.shape[1:], logits.shape[1])
    model.load_weights(path)
    loaded = variables(model)
    wrong = sum(not np.array_equal(a, b.astype(np.float32)) for a, b in zip(loaded, expected, strict=True))
    theirs = model.predict(images, batch_size=16, verbose=0).astype(np.float64)
    text, good = compare_logits(theirs, logits, args.tolerance)
    texts = [f"{len(loaded)} variables, {wrong} differ; {text}"]
    if labels is not None:
        text, equal = compare_evaluation(model, images, logits, labels, args.evaluation)
        texts.append(text)
        good = good and equal
    if args.double:
        texts.append(compare_double(network, path, images, logits.shape[1], logits, theirs))
    good = good and wrong == 0
    print(f"{os.path.basename(path)}: {'good' if good else 'WRONG'}")
    print("\n".join(f"  {text}" for text in texts))
    return good


def main():
    parser = argparse.ArgumentParser(description="Load a Lockstep checkpoint into Keras and compare what they compute.")
    parser.add_argument("checkpoint")
    parser.add_argument("dump")
    parser.add_argument("--keras", action="append", help="a file that Keras saved, to load instead")
    parser.add_argument("--data", help="the packed data set of the dump")
    parser.add_argument("--evaluation", help="the line of `lockstep eval` with the samples, loss and accuracy")
    parser.add_argument("--tolerance", type=float, default=1e-5)
    parser.add_argument("--double", action="store_true", help="compare both with float64, too")
    args = parser.parse_args()

    images, logits = dumped(args.dump)
    labels = validation_labels(args.data, len(images)) if args.data else None
    network, experiment = network_of(args.checkpoint)
    print(f"{versions()}; experiment {experiment}, images {images.shape[1]}x{images.shape[2]}")
    expected = stored_variables(args.checkpoint)

    good = True
    with tempfile.TemporaryDirectory() as folder:
        paths = args.keras or [os.path.join(folder, name) for name in ("checkpoint.weights.h5", "checkpoint.h5")]
        for path in paths:
            if not args.keras:
                shutil.copyfile(args.checkpoint, path)
            good = check(network, path, expected, (images, logits), labels, args) and good
    return 0 if good else 1


if __name__ == "__main__":
    sys.exit(main())
