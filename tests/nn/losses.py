#!/usr/bin/env python3
"""losses.py: PyTorch's and Keras' losses of test_loss.c's logits, in float64, as losses_reference.h.

Needs torch; with `keras` as argument tensorflow instead, and prints Keras' losses for comparison."""
import math
import sys

SAMPLES, CLASSES = 4, 11
LABELS, OTHERS, SHARES = [0, 10, 4, 7], [3, 10, 4, 2], [0.75, 1.0, 0.3, 0.4375]
WEIGHTS = [0.5 + 0.25 * c for c in range(CLASSES)]


def logits():
    return [[3 * math.sin(1 + 1.3 * (n * CLASSES + c)) for c in range(CLASSES)] for n in range(SAMPLES)]


def torch_losses(smoothing, mixed, weighted):
    import torch
    z = torch.tensor(logits(), dtype=torch.float64, requires_grad=True)
    share = torch.tensor(SHARES if mixed else [1.0] * SAMPLES, dtype=torch.float64)
    one = torch.nn.functional.one_hot(torch.tensor(LABELS), CLASSES).double()
    two = torch.nn.functional.one_hot(torch.tensor(OTHERS), CLASSES).double()
    target = share[:, None] * one + (1 - share)[:, None] * two
    weight = target @ torch.tensor(WEIGHTS, dtype=torch.float64) if weighted else torch.ones(SAMPLES)
    loss = torch.nn.functional.cross_entropy(z, target, reduction="none", label_smoothing=smoothing) * weight
    loss.sum().backward()
    return loss.tolist(), z.grad.tolist()


def main():
    if sys.argv[1:] == ["keras"]:
        import numpy as np
        import tensorflow as tf
        tf.keras.backend.set_floatx("float64")
        target = np.eye(CLASSES)[LABELS]
        for smoothing in (0.0, 0.1):
            loss = tf.keras.losses.CategoricalCrossentropy(from_logits=True, label_smoothing=smoothing, reduction=None)
            print(smoothing, loss(target, np.array(logits()), sample_weight=np.array(WEIGHTS)[LABELS]).numpy().tolist())
        return
    print("/* Made by losses.py. */")
    print("static const struct {\n    double smoothing;\n    int mixed, weighted;\n    double losses[SAMPLES];\n"
          "    double gradients[SAMPLES][CLASSES];\n} references[] = {")
    for smoothing in (0.0, 0.1):
        for mixed in (0, 1):
            for weighted in (0, 1):
                losses, gradients = torch_losses(smoothing, mixed, weighted)
                rows = ",\n      ".join("{" + ", ".join(f"{g!r}" for g in row) + "}" for row in gradients)
                print(f"    {{{smoothing}, {mixed}, {weighted}, {{{', '.join(repr(v) for v in losses)}}},\n"
                      f"     {{{rows}}}}},")
    print("};")


main()
