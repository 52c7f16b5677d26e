"""What the scripts that make references_*.h5 have in common: the function that test_references.c has too, and the file.

A case is a name, a list of configuration keys, and the weights that a framework ends with where it is set up so, in
float64."""
import math
import sys

import h5py
import numpy as np

STEPS, EPOCH, ROWS = 30, 5, 8
SHAPES = [(1, 1, 1, 10), (2,), (2,), (2, 3), (3,)]  # a kernel before a BatchNorm, gamma, beta, dense kernel, its bias
SIZES = [math.prod(s) for s in SHAPES]
NUMBERS = sum(SIZES)
KERNELS = {0, 3}
RATE, L2, LAMBDA = 0.0625, 2.0**-7, 0.0625


def wave(count, start):
    return 0.5 * np.sin(start + 1.7 * np.arange(count))


def split(flat):
    return [flat[sum(SIZES[:i]):sum(SIZES[:i + 1])].reshape(SHAPES[i]) for i in range(len(SIZES))]


def data(step):
    """The batch of a step: the function is the sum of (tanh(A w) - y)²."""
    return wave(ROWS * NUMBERS, step).reshape(ROWS, NUMBERS), wave(ROWS, 3 * step)


def decaying(norm_and_bias):
    return {"bias": {0, 3, 4}, "true": set(range(5)), "false": KERNELS}[norm_and_bias]


def write(cases):
    if len(sys.argv) != 2:
        sys.exit(sys.modules["__main__"].__doc__)
    cases = list(cases)
    with h5py.File(sys.argv[1], "w") as f:
        text = h5py.string_dtype()
        f.create_dataset("names", data=[c[0] for c in cases], dtype=text)
        f.create_dataset("keys", data=[" ".join(c[1]) for c in cases], dtype=text)
        f.create_dataset("weights", data=np.array([c[2] for c in cases]))
    print(f"{len(cases)} cases")
