#!/usr/bin/env python3
"""Have Keras save weights of the article's model, for Lockstep to read.

    save_weights.py CHECKPOINT.weights.h5 DUMP.h5 FOLDER [--seed N]

The model is that of the checkpoint, its input and classes those of the dump. Its weights are drawn so that the images
matter to every logit in all three experiments: kernels as He has them, each of the other variables about where it is
in a trained network. FOLDER gets keras.weights.h5, by `save_weights`, and keras.h5, by `save`, the one way in which
Keras 3 still writes the legacy layout (`save_weights` refuses that name); it lies under /model_weights there.
"""

import argparse
import os
import sys

from network import dumped, network_of

import numpy as np


def draw(random, variable):
    """Values for a Keras variable."""
    name, shape = variable.path.rsplit("/", 1)[-1], variable.shape
    if name in ("gamma", "moving_variance"):
        return random.uniform(0.5, 1.5, shape)
    if name in ("beta", "moving_mean", "bias"):
        return random.normal(0, 0.1, shape)
    inputs = np.prod(shape[:2]) if "depthwise" in variable.path else np.prod(shape[:-1])
    return random.normal(0, np.sqrt(2 / inputs), shape)


def main():
    parser = argparse.ArgumentParser(description="Have Keras save weights of the article's model.")
    parser.add_argument("checkpoint")
    parser.add_argument("dump")
    parser.add_argument("folder")
    parser.add_argument("--seed", type=int, default=1)
    args = parser.parse_args()

    images, logits = dumped(args.dump)
    model = network_of(args.checkpoint)[0].model(images.shape[1:], logits.shape[1])
    random = np.random.default_rng(args.seed)
    for variable in model.variables:
        variable.assign(draw(random, variable))
    model.save_weights(os.path.join(args.folder, "keras.weights.h5"))
    model.save(os.path.join(args.folder, "keras.h5"))
    return 0


if __name__ == "__main__":
    sys.exit(main())
